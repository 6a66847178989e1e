/** @file Differences that are kept as factors: their product, packed as training and sampling want it. */
import { expandFactors } from "../compress/compress.ts";
import type { LayerFactors } from "./concept.ts";
import { type LayerTensor, scatterTensor } from "./layer-tensors.ts";

/** up · down of every layer, in the flat vector [kvLength]. @param factors in the order of the places */
export function productOf(
  factors: readonly LayerFactors[],
  places: { readonly kv: readonly LayerTensor[]; readonly kvLength: number },
): Float32Array | null {
  if (places.kvLength === 0) return null;
  const whole = new Float32Array(places.kvLength);
  for (const [i, place] of places.kv.entries()) {
    const [outputs, inputs = 0] = place.dims;
    const values = expandFactors({ ...factors[i]!, dims: [outputs, inputs] });
    scatterTensor(values, place, whole);
  }
  return whole;
}
