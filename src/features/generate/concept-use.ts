/** @file Which concept a prompt asks for, and what stands in the way of it. */
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import { findPhrases, type NamedConcept } from "./prompt-phrases.ts";

export type ConceptUse<T extends NamedConcept = NamedConcept> =
  | { readonly kind: "none" }
  | {
      readonly kind: "one";
      readonly concept: T;
      /** All that the prompt could mean, `concept` among them. */
      readonly candidates: readonly T[];
    }
  /** Only concepts for other base models have the token. */
  | { readonly kind: "other-model"; readonly concept: T }
  /** The engine paints with one concept at a time. */
  | { readonly kind: "several"; readonly tokens: readonly string[] };

export interface Choices {
  /** By token, the concept last inserted or chosen. */
  readonly chosen: Readonly<Record<string, string>>;
  /** A concept without a new word of its own, which no prompt can name. */
  readonly wordless: string | null;
}

/** @param fingerprint of the open model; null while it is not known, and every concept counts as one for it */
export function fits(
  { baseModel }: Pick<NamedConcept, "baseModel">,
  fingerprint: string | null,
): boolean {
  return fingerprint === null || baseModel.fingerprint === fingerprint;
}

export function conceptUse<T extends NamedConcept>(
  prompt: string,
  concepts: readonly T[],
  fingerprint: string | null,
  { chosen, wordless }: Choices,
): ConceptUse<T> {
  const tokens = findPhrases(prompt, concepts)
    .filter(({ known }) => known)
    .map(({ token }) => token);
  const keys = [...new Set(tokens.map(tokenKey))];
  const plain = concepts.find(({ id, tokens: own }) => id === wordless && own.length === 0);
  if (keys.length === 0 && plain === undefined) return { kind: "none" };
  if (keys.length === 0 && plain !== undefined) return single([plain], fingerprint, null);

  const hasAll = ({ tokens: own }: T): boolean => {
    const words = new Set(own.map(({ token }) => tokenKey(token)));
    return keys.every((key) => words.has(key));
  };
  const able = plain === undefined ? concepts.filter(hasAll) : [];
  if (able.length === 0) {
    const named = keys.map((key) => tokens.find((token) => tokenKey(token) === key) ?? key);
    return { kind: "several", tokens: plain === undefined ? named : [plain.name, ...named] };
  }
  const wanted = keys.map((key) => chosen[key]).find((id) => able.some((one) => one.id === id));
  return single(able, fingerprint, wanted ?? null);
}

function single<T extends NamedConcept>(
  able: readonly T[],
  fingerprint: string | null,
  wanted: string | null,
): ConceptUse<T> {
  const candidates = able
    .filter((concept) => fits(concept, fingerprint))
    .sort((a, b) => b.createdAt - a.createdAt);
  const concept = candidates.find(({ id }) => id === wanted) ?? candidates[0];
  if (concept !== undefined) return { kind: "one", concept, candidates };
  const other = able[0];
  return other === undefined ? { kind: "none" } : { kind: "other-model", concept: other };
}
