/** @file Several concepts on one model, kept apart: each with weights of its own, and all of them with the words of all. */
import { checkWeighting, type Weighting } from "../../core/compose/weighting.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import { type Applied, applyConcept } from "./apply-concept.ts";

/** A concept, and the factor on its weight difference. */
export interface WeighedConcept {
  readonly concept: Concept;
  readonly strength: number;
}

export interface ComposedPart {
  readonly applied: Applied;
  /** Token ids of its own words. */
  readonly words: readonly number[];
}

export interface Composition {
  readonly weighting: Weighting;
  /** Paints the negative prompt. */
  readonly base: Applied;
  readonly parts: readonly ComposedPart[];
  release(): Promise<void>;
}

/** @throws StudioError "invalid-input" where concepts or weights cannot be composed */
export async function openComposition(
  model: Model,
  runtime: Runtime,
  concepts: readonly WeighedConcept[],
  weighting: Weighting,
): Promise<Composition> {
  checkWeighting(weighting, concepts.length, model.config.sampleSize ** 2);
  if (concepts.some(({ concept }) => concept.queryOutDifference !== null)) {
    throw new StudioError(
      "invalid-input",
      "A concept of the face mode changes more than keys and values and cannot be composed with others; use it alone.",
    );
  }
  const opened: Applied[] = [];
  const release = async (): Promise<void> => {
    for (const { projections } of opened) await projections.release();
  };
  try {
    opened.push(await applyConcept(model, runtime, null, 1));
    // Weights that never met another concept's word still make more of it than of its category alone.
    const tokens = concepts.flatMap(({ concept }) => concept.tokens);
    for (const { concept, strength } of concepts) {
      opened.push(await applyConcept(model, runtime, { ...concept, tokens }, strength));
    }
  } catch (error) {
    await release();
    throw error;
  }
  const [base, ...applied] = opened;
  if (base === undefined) throw new StudioError("internal", "The base model was not applied.");
  let next = model.vocabularySize;
  const parts = applied.map((own, i): ComposedPart => {
    const words = (concepts[i]?.concept.tokens ?? []).map(() => next++);
    return { applied: own, words };
  });
  return { weighting, base, parts, release };
}

/**
 * Whom a prompt asks: where weights are solved for, the concepts that it names, because one that it does not name has
 * nothing to say and still pulls; all of them where it names none, or where shares and regions were given.
 */
export function askedParts(
  { parts, weighting }: Composition,
  prompt: string,
): readonly ComposedPart[] {
  if (weighting.kind !== "solved") return parts;
  const named = parts.filter(({ applied, words }) => {
    const { ids } = applied.tokenizer.encode(prompt);
    return words.some((word) => ids.includes(word));
  });
  return named.length === 0 ? parts : named;
}
