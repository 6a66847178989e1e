/** @file What a concept gives to the formats of other tools: whole weights, differences, or factors of these. */
import type { Concept } from "../concept/concept.ts";
import { gatherTensor } from "../concept/layer-tensors.ts";
import { StudioError } from "../errors.ts";
import { type ExchangeBase, type Place, placesOf } from "./exchange-base.ts";
import type { ExchangedContent, ExchangedWeight, FactoredWeight } from "./exchanged.ts";

/** Factors of a difference [out, in] in PyTorch's order: up [out, rank] and down [rank, in]. */
export type Factorise = (
  dims: readonly [out: number, width: number],
  values: Float32Array,
) => Pick<FactoredWeight, "up" | "down" | "rank">;

/** How weights are written. */
export type ExchangeForm =
  | { readonly kind: "full" }
  | { readonly kind: "difference" }
  /** Biases of face mode stay plain differences. */
  | { readonly kind: "factors"; readonly factorise: Factorise };

/**
 * @throws StudioError "internal" where concept and base do not belong together, or whole weights of face mode are
 *   asked for without the base model's
 */
export function exchangedFromConcept(
  concept: Concept,
  base: ExchangeBase,
  form: ExchangeForm,
): ExchangedContent {
  if (concept.baseModel.fingerprint !== base.baseModel.fingerprint) {
    throw new StudioError("internal", "A concept was to be exported with another model's weights.");
  }
  const { kvDifference, queryOutDifference, tokens } = concept;
  const weights = new Map<string, ExchangedWeight>();
  for (const place of placesOf(base, queryOutDifference !== null)) {
    const flat = place.part === "kv" ? kvDifference : queryOutDifference;
    if (flat === null) continue;
    weights.set(place.tensor.name, weightOf(gatherTensor(flat, place.tensor), place, form));
  }
  return { weights, tokens: new Map(tokens.map(({ token, row }) => [token, row])) };
}

function weightOf(
  difference: Float32Array,
  { tensor, frozen }: Place,
  form: ExchangeForm,
): ExchangedWeight {
  const { dims } = tensor;
  if (form.kind === "full") {
    if (frozen === undefined) {
      throw new StudioError("internal", `The frozen weights of ${tensor.name} were not given.`);
    }
    const before = gatherTensor(frozen, tensor);
    return { kind: "full", dims, values: difference.map((change, i) => before[i]! + change) };
  }
  if (form.kind === "factors" && dims.length === 2) {
    return { kind: "factors", dims, ...form.factorise(dims, difference) };
  }
  return { kind: "difference", dims, values: difference };
}
