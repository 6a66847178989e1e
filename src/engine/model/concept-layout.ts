/** @file Where a model's cross-attention projections are, by diffusers' names: what concept files are laid out by. */
import type { ConceptLayout } from "../../core/concept/layer-tensors.ts";
import { crossAttentionNames } from "../../core/concept/layer-names.ts";
import type { Model } from "./read-model.ts";

/** @param queryOut with the face mode's projections */
export function conceptLayout(model: Model, queryOut = false): ConceptLayout {
  const { kv, queryOut: flat } = queryOut ? model.unetOf(1, true) : model.unet;
  const names = crossAttentionNames(model.config.topology);
  return flat === undefined ? { kv, names } : { kv, names, queryOut: flat };
}
