/** @file The prompt with its concepts, and the button. */
import { Button, Stack, Text } from "@mantine/core";
import { Sparkles } from "../../ui/icons.ts";
import { useMemo, useRef } from "react";
import { flushSync } from "react-dom";
import { tokenKey, unknownTokens } from "../../core/text/modifier-tokens.ts";
import { type ConceptRecord, useConcepts } from "../../state/concepts.ts";
import { useGenerationStore, useModel } from "../../state/engine-context.ts";
import {
  changeForm,
  currentForm,
  randomSeed,
  useGenerationForm,
} from "../../state/generation-form.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { ConceptInUse } from "./concept-in-use.tsx";
import { ConceptRow } from "./concept-row.tsx";
import { conceptUse } from "./concept-use.ts";
import { planJob, refusalOf } from "./plan-job.ts";
import { PromptBox } from "./prompt-box.tsx";
import { PromptHint } from "./prompt-hint.tsx";
import { findPhrases, insertPhrase, phraseOf } from "./prompt-phrases.ts";
import { samplingOf } from "./sampling.ts";

const NONE: readonly ConceptRecord[] = [];

/** Makes a concept the one that its tokens mean. */
function choose({ id, tokens }: ConceptRecord): void {
  const { chosen } = currentForm();
  const own = tokens.map(({ token }) => [tokenKey(token), id] as const);
  changeForm({ chosen: { ...chosen, ...Object.fromEntries(own) } });
}

export function PromptPanel() {
  const box = useRef<HTMLTextAreaElement>(null);
  const generation = useGenerationStore();
  const info = useModel(({ status }) => (status.kind === "open" ? status.info : null));
  const list = useConcepts();
  const concepts = list.data?.concepts ?? NONE;
  const form = useGenerationForm((all) => all);
  const { prompt, strengths } = form;
  const fingerprint = info?.fingerprint ?? null;
  const phrases = useMemo(() => findPhrases(prompt, concepts), [prompt, concepts]);
  const use = conceptUse(prompt, concepts, fingerprint, form);
  const used = use.kind === "one" ? use.concept : null;
  // Until concepts are read nobody knows which words are theirs.
  const words = concepts.flatMap(({ tokens }) => tokens.map(({ token }) => token));
  const unknown = list.data === undefined ? [] : unknownTokens(prompt, words);
  const refusal = refusalOf(prompt, use);

  const insert = (concept: ConceptRecord): void => {
    choose(concept);
    const phrase = phraseOf(concept);
    const textarea = box.current;
    if (phrase === null) {
      changeForm({ wordless: form.wordless === concept.id ? null : concept.id });
      return;
    }
    if (textarea === null) return;
    const { selectionStart: start, selectionEnd: end } = textarea;
    const result = insertPhrase(prompt, { start, end }, phrase);
    // The caret can be put behind the phrase only once the phrase is there.
    flushSync(() => changeForm({ prompt: result.prompt }));
    textarea.focus();
    textarea.setSelectionRange(result.caret, result.caret);
  };

  const submit = (): void => {
    if (refusal !== null) return;
    const { request, conceptName } = planJob(form, samplingOf(form, info?.textWidth ?? null), use);
    generation.getState().add(request, conceptName);
    if (!form.seedLocked) changeForm({ seed: randomSeed() });
  };

  return (
    <Stack gap="md">
      <PromptBox
        ref={box}
        value={prompt}
        phrases={phrases}
        hint={
          <PromptHint
            prompt={prompt}
            tokens={used?.tokens.map(({ token }) => token) ?? []}
            unknown={unknown}
            fingerprint={fingerprint}
          />
        }
        onChange={(value) => changeForm({ prompt: value })}
        onSubmit={submit}
      />
      {list.isError ? (
        <ErrorAlert
          title="Concepts could not be read"
          error={list.error}
          onRetry={() => void list.refetch()}
        />
      ) : null}
      {list.data === undefined ? null : (
        <ConceptRow
          concepts={concepts}
          fingerprint={fingerprint}
          usedId={used?.id ?? null}
          onInsert={insert}
        />
      )}
      {use.kind !== "one" ? null : (
        <ConceptInUse
          concept={use.concept}
          candidates={use.candidates}
          strength={strengths[use.concept.id] ?? 1}
          onStrength={(strength) =>
            changeForm({ strengths: { ...strengths, [use.concept.id]: strength } })
          }
          onChoose={(id) => {
            const chosen = use.candidates.find((candidate) => candidate.id === id);
            if (chosen !== undefined) choose(chosen);
          }}
          onRemove={use.concept.tokens.length === 0 ? () => changeForm({ wordless: null }) : null}
        />
      )}
      <div>
        <Button
          fullWidth
          size="md"
          leftSection={<Sparkles size={18} aria-hidden="true" />}
          disabled={refusal !== null}
          aria-describedby="generate-refusal"
          aria-keyshortcuts="Control+Enter"
          title="Ctrl + Enter in the prompt does the same"
          onClick={submit}
        >
          Generate
        </Button>
        <Text size="sm" mt={4} id="generate-refusal" aria-live="polite">
          {refusal}
        </Text>
      </div>
    </Stack>
  );
}
