/** @file How concepts that are composed step by step share a picture. */
import { StudioError } from "../errors.ts";
import { MOST_VECTORS } from "./min-norm.ts";

export type Weighting =
  /** The same everywhere and at every step; scaled so that they add up to 1. */
  | { readonly kind: "fixed"; readonly weights: readonly number[] }
  /** A mask [H, W] of latents for each concept, from 0 to 1: where it paints. */
  | { readonly kind: "regions"; readonly masks: readonly Float32Array[] }
  /** Solved at each step: the direction of least norm that serves them all. */
  | { readonly kind: "solved" };

/**
 * @param concepts how many are composed
 * @param places H · W of the latents
 * @throws StudioError "invalid-input" where they cannot share a picture so
 */
export function checkWeighting(weighting: Weighting, concepts: number, places: number): void {
  if (concepts < 2) throw refusal("Composing takes at least two concepts; choose another one.");
  if (concepts > MOST_VECTORS) {
    throw refusal(`At most ${MOST_VECTORS} concepts can be composed, not ${concepts}.`);
  }
  if (weighting.kind === "fixed") {
    const { weights } = weighting;
    if (weights.length !== concepts) {
      throw refusal(`There are ${weights.length} weights for ${concepts} concepts; give one each.`);
    }
    const bad = weights.find((weight) => !(weight >= 0 && weight < Infinity));
    if (bad !== undefined) throw refusal(`A weight must be a number of 0 or more, not ${bad}.`);
    if (weights.every((weight) => weight === 0)) {
      throw refusal("All weights are 0; give at least one concept some weight.");
    }
  }
  if (weighting.kind === "regions") {
    const { masks } = weighting;
    if (masks.length !== concepts || masks.some((mask) => mask.length !== places)) {
      throw refusal(
        "The painted regions do not fit the concepts and the picture; paint them anew.",
      );
    }
    if (masks.some((mask) => mask.some((x) => !(x >= 0 && x <= 1)))) {
      throw refusal("A painted region has values outside of 0 to 1; paint it anew.");
    }
  }
}

function refusal(sentence: string): StudioError {
  return new StudioError("invalid-input", sentence);
}
