/** @file What a merge came to, in sentences. */
import type { MergeFacts } from "../../rpc/contracts.ts";

interface MergedConcept {
  readonly name: string;
  readonly tokens: readonly { readonly token: string }[];
}

export function mergeSentences(facts: MergeFacts, concepts: readonly MergedConcept[]): string[] {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const renamed = concepts.flatMap(({ name, tokens }, i) =>
    tokens.flatMap(({ token }, k) => {
      const now = facts.tokens[i]?.[k];
      return now === undefined || now === token ? [] : [`“${name}” is ${now} in it, not ${token}.`];
    }),
  );
  const alone = concepts
    .map(({ name }, i) => `“${name}” alone ${percent(facts.driftAlone[i] ?? 0)}`)
    .join(", ");
  return [
    "The merged concept is on the page Concepts.",
    ...renamed,
    `Captions that name neither thing change by ${percent(facts.drift)} (${alone}).`,
  ];
}
