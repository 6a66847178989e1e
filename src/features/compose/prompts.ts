/** @file The comparison's prompt in the words that each way of painting knows: of all together, of one alone, of a joint concept. */
import { distinctTokens } from "../../core/merge/distinct-tokens.ts";
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import type { ConceptRecord } from "../../state/concepts.ts";

export type PickedConcept = Pick<ConceptRecord, "id" | "name" | "tokens">;

/** Words of the picked concepts, as prompts of the comparison have them. */
export function blendWords(concepts: readonly PickedConcept[]): PickedConcept["tokens"][] {
  return distinctTokens(concepts.map(({ tokens }) => tokens)).map((tokens) => [...tokens]);
}

/** "photo of a <new1> bear and a <new2> car" */
export function usualPrompt(concepts: readonly PickedConcept[]): string {
  return promptOf(blendWords(concepts).flat());
}

/** "photo of a <new1> bear and a <new2> car" */
export function promptOf(words: PickedConcept["tokens"]): string {
  const things = words.map(({ token, category }) => `a ${token} ${category}`);
  return `photo of ${things.join(" and ")}`;
}

/** The prompt for one of the concepts alone: its words under their own names, those of the others taken out. */
export function alonePrompt(
  prompt: string,
  concepts: readonly PickedConcept[],
  concept: PickedConcept,
): string {
  return reworded(prompt, concepts, ({ id }) => (id === concept.id ? concept.tokens : []));
}

/** The prompt for a concept that was trained on all of them together, in its own words. */
export function jointPrompt(
  prompt: string,
  concepts: readonly PickedConcept[],
  { tokens, originals = [] }: Pick<ConceptRecord, "tokens" | "originals">,
): string {
  return reworded(prompt, concepts, ({ id }) => tokens.filter((_, i) => originals[i] === id));
}

/** The prompt with the words that concepts have together replaced by others; a word without one is taken out. */
function reworded(
  prompt: string,
  concepts: readonly PickedConcept[],
  ownWords: (concept: PickedConcept) => PickedConcept["tokens"],
): string {
  const words = blendWords(concepts);
  const names = new Map(
    concepts.flatMap((concept, i) => {
      const own = ownWords(concept);
      return (words[i] ?? []).map(({ token }, k) => [tokenKey(token), own[k]?.token] as const);
    }),
  );
  return prompt
    .split(/(<[^\s<>]+>\s*)/u)
    .map((piece) => {
      const key = tokenKey(piece.trim());
      if (!names.has(key)) return piece;
      const name = names.get(key);
      return name === undefined ? "" : piece.replace(/<[^\s<>]+>/u, () => name);
    })
    .join("");
}
