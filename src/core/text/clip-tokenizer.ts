/** @file CLIP's tokenizer as Stable Diffusion uses it: start mark, at most 75 tokens, end mark, padding to 77. */
import { Tokenizer } from "@huggingface/tokenizers";
import { StudioError } from "../errors.ts";

/** Length of every sequence a CLIP text encoder reads. */
export const CLIP_TOKENS = 77;

export interface TokenizedPrompt {
  /** Exactly `CLIP_TOKENS` ids. */
  readonly ids: Int32Array;
  /** Tokens of the text itself that were kept. */
  readonly kept: number;
  /** The text of the tokens that did not fit; null where all did. */
  readonly cut: string | null;
}

interface Marks {
  readonly start: number;
  readonly end: number;
  readonly padding: number;
}

export class ClipTokenizer {
  private readonly tokenizer: Tokenizer;
  private readonly marks: Marks;

  /**
   * @param json contents of tokenizer.json
   * @param config contents of tokenizer_config.json
   */
  constructor(json: unknown, config: unknown) {
    if (!isObject(json) || !isObject(config)) throw unreadable();
    try {
      this.tokenizer = new Tokenizer(json, config);
    } catch (cause) {
      throw unreadable(cause);
    }
    const mark = (name: string): number | undefined => {
      const value = config[name];
      // Older versions of transformers write {"__type": "AddedToken", "content": ...}.
      const token = isObject(value) ? value["content"] : value;
      return typeof token === "string" ? this.idOf(token) : undefined;
    };
    const start = mark("bos_token");
    const end = mark("eos_token");
    if (start === undefined || end === undefined) throw unreadable();
    this.marks = { start, end, padding: mark("pad_token") ?? end };
  }

  /** Id of one token exactly as the vocabulary spells it; undefined where it has none such. */
  idOf(token: string): number | undefined {
    return this.tokenizer.token_to_id(token);
  }

  /** Ids of a text of any length, without marks and padding. */
  idsOf(text: string): number[] {
    return this.tokenizer.encode(text, { add_special_tokens: false }).ids;
  }

  /** The text that ids without marks stand for. */
  textOf(ids: readonly number[]): string {
    return this.tokenizer.decode([...ids]).trim();
  }

  /** Between start and end mark as many ids as fit, padded. @param textOf how to name those that do not */
  frame(text: readonly number[], textOf: (ids: readonly number[]) => string): TokenizedPrompt {
    const room = CLIP_TOKENS - 2;
    const kept = Math.min(text.length, room);
    const ids = new Int32Array(CLIP_TOKENS).fill(this.marks.padding);
    ids[0] = this.marks.start;
    ids.set(text.slice(0, kept), 1);
    ids[kept + 1] = this.marks.end;
    return { ids, kept, cut: text.length > room ? textOf(text.slice(room)) : null };
  }

  /** The prompt's ids, and what was cut off where it is too long. */
  encode(prompt: string): TokenizedPrompt {
    return this.frame(this.idsOf(prompt), (ids) => this.textOf(ids));
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function unreadable(cause?: unknown): StudioError {
  return new StudioError(
    "model-corrupt",
    "The model's tokenizer files are not a CLIP tokenizer; fetch tokenizer/tokenizer.json and tokenizer_config.json again.",
    { cause },
  );
}
