/** @file What the writers ask of a concept's content, and the tensors that they make of it. */
import { float16Entry, float32Entry } from "../tensor/safetensors-values.ts";
import type { SafetensorsEntry } from "../tensor/safetensors.ts";
import type { ExchangedWeight } from "./exchanged.ts";
import type { TorchTensor } from "./pickle-write.ts";
import { refusal } from "./refuse.ts";

export type Precision = "float32" | "float16";

/** Largest finite float16. */
const HALF_MAX = 65504;

/** The weight, where it is of the kind that a format holds. */
export function required<K extends ExchangedWeight["kind"]>(
  weight: ExchangedWeight,
  kind: K,
  name: string,
  format: string,
): Extract<ExchangedWeight, { readonly kind: K }> {
  if (weight.kind === kind) return weight as Extract<ExchangedWeight, { readonly kind: K }>;
  throw refusal(
    `${format} cannot hold "${name}" as ${DESCRIPTIONS[weight.kind]}; choose another format, or export without compression.`,
  );
}

const DESCRIPTIONS = {
  full: "whole weights",
  difference: "a difference to the base model",
  factors: "two factors",
} as const satisfies Record<ExchangedWeight["kind"], string>;

export function torchTensor(dims: readonly number[], values: Float32Array): TorchTensor {
  return { dtype: "float32", dims, values };
}

/** @throws StudioError "invalid-input" where a number has no place in float16 */
export function entryOf(
  precision: Precision,
  name: string,
  dims: readonly number[],
  values: Float32Array,
): SafetensorsEntry {
  if (precision === "float32") return float32Entry(dims, values);
  const bad = values.find((x) => !(Math.abs(x) <= HALF_MAX));
  if (bad !== undefined) {
    throw refusal(`"${name}" contains ${bad}, which float16 cannot hold; export it as float32.`);
  }
  return float16Entry(dims, values);
}

/** @throws StudioError "invalid-input" where a format without tokens, or without weights, would be empty */
export function refuseEmpty(size: number, sentence: string): void {
  if (size === 0) throw refusal(sentence);
}
