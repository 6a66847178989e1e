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
    const idOf = (token: unknown): number | undefined =>
      typeof token === "string" ? this.tokenizer.token_to_id(token) : undefined;
    const start = idOf(config["bos_token"]);
    const end = idOf(config["eos_token"]);
    if (start === undefined || end === undefined) throw unreadable();
    this.marks = { start, end, padding: idOf(config["pad_token"]) ?? end };
  }

  /** The prompt's ids, and what was cut off where it is too long. */
  encode(prompt: string): TokenizedPrompt {
    const text = this.tokenizer.encode(prompt, { add_special_tokens: false }).ids;
    const room = CLIP_TOKENS - 2;
    const kept = Math.min(text.length, room);
    const ids = new Int32Array(CLIP_TOKENS).fill(this.marks.padding);
    ids[0] = this.marks.start;
    ids.set(text.slice(0, kept), 1);
    ids[kept + 1] = this.marks.end;
    const cut = text.length > room ? this.tokenizer.decode(text.slice(room)).trim() : null;
    return { ids, kept, cut };
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
