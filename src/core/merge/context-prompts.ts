/**
 * @file The prompts whose context rows draw a merge to what a concept does: its name in everyday surroundings, and alone.
 *
 * None of them is a scene of evaluation (core/evaluate/prompts.ts): what a merge comes to there was not told to it.
 */
import type { TokenizedPrompt } from "../text/clip-tokenizer.ts";
import { type TokenRange, targetRange } from "./target-prompts.ts";

const TAILS: readonly string[] = [
  "",
  " on a sofa",
  " in the garden",
  " at night",
  " by the lake",
  " in a room",
  " on a street",
  " in the desert",
  " under a tree",
  " with a red ball",
  " and a blue cube",
];

/** Surroundings of prompts that name two: concepts have many pairs, and each has two orders. */
const TAILS_TOGETHER = 6;

interface Word {
  readonly token: string;
  readonly category: string;
}

export function contextPrompts(token: string, category: string): string[] {
  return TAILS.map((tail) => `photo of a ${token} ${category}${tail}`);
}

/** A prompt that names two concepts, one after the other. */
export function togetherPrompts(first: Word, second: Word): string[] {
  return TAILS.slice(0, TAILS_TOGETHER).map(
    (tail) =>
      `photo of a ${first.token} ${first.category} and a ${second.token} ${second.category}${tail}`,
  );
}

/**
 * From V* to the last position, padding included: cross-attention sees it like any other, and training has changed it.
 * @param modifier id of V*
 * @throws StudioError "invalid-input" where the prompt does not have the word
 */
export function contextRange(prompt: TokenizedPrompt, modifier: number): TokenRange {
  return { start: targetRange(prompt, modifier).start, end: prompt.ids.length };
}
