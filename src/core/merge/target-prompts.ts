/**
 * @file The prompts at which a merge holds a concept to what it learnt, and the places in them that count.
 *
 * As in the paper's code: the bare name and "photo of a" before it; of each the rows from V* to the first end mark.
 * What stands before V* is the same for every concept, because the text encoder is causal, and is left to the base model.
 */
import { StudioError } from "../errors.ts";
import type { TokenizedPrompt } from "../text/clip-tokenizer.ts";

/** From `start` up to, and without, `end`. */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

export function targetPrompts(token: string, category: string): string[] {
  return [`${token} ${category}`, `photo of a ${token} ${category}`];
}

/**
 * From V* to the first end mark, which is included.
 * @param modifier id of V*
 * @throws StudioError "invalid-input" where the prompt does not have the word
 */
export function targetRange({ ids, kept }: TokenizedPrompt, modifier: number): TokenRange {
  const start = ids.indexOf(modifier);
  if (start === -1) {
    throw new StudioError(
      "invalid-input",
      "A target prompt must name the concept's new word within its first 75 tokens; put it further ahead.",
    );
  }
  return { start, end: kept + 2 };
}

/** Rows of a regularisation caption: its words and the first end mark, without the start mark, which is always the same. */
export function captionRange({ kept }: TokenizedPrompt): TokenRange {
  return { start: 1, end: kept + 2 };
}
