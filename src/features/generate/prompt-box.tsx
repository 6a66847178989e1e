/** @file The prompt: plain text in a textarea, with a chip drawn behind the phrase of each concept. */
import { Input } from "@mantine/core";
import {
  Fragment,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useEffectEvent,
  useId,
  useRef,
} from "react";
import { phraseBefore, type Phrase } from "./prompt-phrases.ts";
import classes from "./prompt-box.module.css";

interface PromptBoxProps {
  readonly ref: Ref<HTMLTextAreaElement>;
  readonly value: string;
  readonly phrases: readonly Phrase[];
  /** Below the box: how much of the prompt is read, and what is unknown in it. */
  readonly hint: ReactNode;
  readonly onChange: (value: string) => void;
  readonly onSubmit: () => void;
}

/** Selects the phrase in front of the caret, so that what the key does next takes it out whole, and undo knows of it. */
function selectPhraseBefore(textarea: HTMLTextAreaElement, phrases: readonly Phrase[]): boolean {
  const { value, selectionStart, selectionEnd } = textarea;
  if (selectionStart !== selectionEnd) return false;
  const range = phraseBefore(value, selectionStart, phrases);
  if (range === null) return false;
  textarea.setSelectionRange(range.start, range.end);
  return true;
}

/** The same text in the same places, so that chips can be drawn behind it. */
function Mirror({ value, phrases }: { value: string; phrases: readonly Phrase[] }) {
  const starts = [0, ...phrases.map(({ end }) => end)];
  return (
    <div className={classes.mirror} aria-hidden="true">
      {phrases.map(({ start, end, known }, i) => (
        <Fragment key={start}>
          {value.slice(starts[i], start)}
          <mark className={known ? classes.chip : classes.unknown}>{value.slice(start, end)}</mark>
        </Fragment>
      ))}
      {/* Without a character behind it, a line break at the end would add no line. */}
      {`${value.slice(starts.at(-1))}\u200B`}
    </div>
  );
}

export function PromptBox({ ref, value, phrases, hint, onChange, onSubmit }: PromptBoxProps) {
  const id = useId();

  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      onSubmit();
    }
    const plain = !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Backspace" && plain) selectPhraseBefore(event.currentTarget, phrases);
  };

  // Keyboards on phones name no keys; for them the phrase goes here. After a key it is selected already. React's own
  // onBeforeInput does not hear of deletions.
  const onBeforeInput = useEffectEvent((event: InputEvent): void => {
    const { inputType, target, cancelable } = event;
    if (inputType !== "deleteContentBackward" || !cancelable) return;
    if (!(target instanceof HTMLTextAreaElement) || !selectPhraseBefore(target, phrases)) return;
    event.preventDefault();
    target.setRangeText("", target.selectionStart, target.selectionEnd, "end");
    onChange(target.value);
  });
  const frame = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const listening = new AbortController();
    frame.current?.addEventListener("beforeinput", onBeforeInput, { signal: listening.signal });
    return () => listening.abort();
  }, []);

  return (
    <div>
      <Input.Label htmlFor={id} size="md">
        Prompt
      </Input.Label>
      <div ref={frame} className={classes.box}>
        <Mirror value={value} phrases={phrases} />
        <textarea
          ref={ref}
          id={id}
          className={classes.input}
          value={value}
          placeholder="What should the picture show?"
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
      </div>
      <div id={`${id}-hint`}>{hint}</div>
    </div>
  );
}
