/** @file Concepts in a prompt: where their phrases are ("<new1> bear"), putting one in, taking one out whole. */
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import type { ConceptRecord } from "../../state/concepts.ts";

export type NamedConcept = Pick<
  ConceptRecord,
  "id" | "name" | "createdAt" | "baseModel" | "tokens"
>;

export interface Phrase {
  readonly start: number;
  readonly end: number;
  /** As it is written in the prompt. */
  readonly token: string;
  /** Whether a concept here has it. */
  readonly known: boolean;
}

/** What is inserted for a concept; null for one that was trained without a new word. */
export function phraseOf({ tokens }: Pick<NamedConcept, "tokens">): string | null {
  const first = tokens[0];
  return first === undefined ? null : `${first.token} ${first.category}`;
}

/** Everything in angle brackets, with the category behind it where a known one follows. */
export function findPhrases(
  prompt: string,
  concepts: readonly Pick<NamedConcept, "tokens">[],
): Phrase[] {
  const categories = new Map<string, string[]>();
  for (const { token, category } of concepts.flatMap(({ tokens }) => tokens)) {
    categories.set(tokenKey(token), [...(categories.get(tokenKey(token)) ?? []), category]);
  }
  return [...prompt.matchAll(/<[^\s<>]+>/gu)].map((match) => {
    const token = match[0];
    const known = categories.get(tokenKey(token));
    const tokenEnd = match.index + token.length;
    const lengths = (known ?? []).map((category) => followingLength(prompt, tokenEnd, category));
    return {
      start: match.index,
      end: tokenEnd + Math.max(0, ...lengths),
      token,
      known: known !== undefined,
    };
  });
}

/** Length of the space and the category that stand at `from`, or 0 where something else stands there. */
function followingLength(prompt: string, from: number, category: string): number {
  const rest = prompt.slice(from);
  const space = /^\s+/u.exec(rest)?.[0] ?? "";
  const word = rest.slice(space.length, space.length + category.length);
  if (space === "" || tokenKey(word) !== tokenKey(category)) return 0;
  const behind = rest.slice(space.length + category.length);
  return /^[\p{L}\p{N}_]/u.test(behind) ? 0 : space.length + category.length;
}

/** The prompt with a phrase in place of the selection, apart from its neighbours by spaces, and the caret behind it. */
export function insertPhrase(
  prompt: string,
  selection: { readonly start: number; readonly end: number },
  phrase: string,
): { readonly prompt: string; readonly caret: number } {
  const before = prompt.slice(0, selection.start);
  const after = prompt.slice(selection.end);
  const left = before === "" || /\s$/u.test(before) ? "" : " ";
  const right = /^[\s,.;:!?)]/u.test(after) || after === "" ? "" : " ";
  const inserted = `${before}${left}${phrase}`;
  return { prompt: `${inserted}${right}${after}`, caret: inserted.length };
}

/** What Backspace right behind a concept's phrase removes: all of it, and the space that would be one too many. */
export function phraseBefore(
  prompt: string,
  caret: number,
  phrases: readonly Phrase[],
): { readonly start: number; readonly end: number } | null {
  const phrase = phrases.find(({ known, end }) => known && end === caret);
  if (phrase === undefined) return null;
  const spaced = /\s$/u.test(prompt.slice(0, phrase.start));
  const spaceBehind = /^(\s|$)/u.test(prompt.slice(caret));
  return { start: phrase.start - (spaced && spaceBehind ? 1 : 0), end: caret };
}
