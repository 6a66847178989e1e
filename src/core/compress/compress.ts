/**
 * @file Weight differences as products of thin matrices (Custom Diffusion, arXiv 2212.04488, figure 21): of each
 * layer's singular values the first few, by share of their sum.
 *
 *   W - W0 = U Σ Vᵀ ≈ up · down     up = U Σ [C, r]     down = Vᵀ [r, E]
 *
 * r is the smallest rank whose singular values add up to `keep` of the sum of all. The paper's code stops one short of
 * that, before the value that crosses, and may keep nothing at all; here a difference that is not zero keeps at least
 * one, and `keep` is a lower bound of what remains. 0 keeps the largest alone, 1 all that float32 can tell.
 */
import { type CancelSignal, throwIfAborted } from "../cancel.ts";
import { StudioError } from "../errors.ts";
import { rowOf } from "../linalg/vector.ts";
import { singularValues, type SingularValues } from "./svd.ts";

/** The paper's share: a fifth of the size with no change in its scores. */
export const KEEP = 0.6;

/** A weight difference as PyTorch keeps it. */
export interface WeightDifference {
  readonly name: string;
  /** C, E */
  readonly dims: readonly [number, number];
  /** [C, E], row-major. */
  readonly values: Float32Array;
}

export interface ThinFactors {
  readonly name: string;
  /** C, E of the whole. */
  readonly dims: readonly [number, number];
  /** r, 0 where the difference is zero. */
  readonly rank: number;
  /** [C, r] */
  readonly up: Float32Array;
  /** [r, E] */
  readonly down: Float32Array;
  /** ‖up · down - (W - W0)‖ / ‖W - W0‖, 0 where that is zero. */
  readonly error: number;
}

export interface Compression {
  readonly layers: readonly ThinFactors[];
  /** Numbers in all factors, and in all differences. */
  readonly numbers: number;
  readonly numbersBefore: number;
  /** Size of all factors in float16, which is what files keep. */
  readonly bytes: number;
  /** As of one layer, over all layers together. */
  readonly error: number;
}

export interface CompressOptions {
  /** Share of the sum of singular values that remains at least, from 0 to 1. */
  readonly keep?: number;
  /** Share of the work done; awaited, so that a worker can hear of a stop meanwhile. */
  readonly onProgress?: (done: number) => void | Promise<void>;
  readonly signal?: CancelSignal;
}

/**
 * @throws StudioError "invalid-input" where `keep` is no share, or a difference is not finite; "cancelled" once the
 * signal is aborted
 */
export async function compressDifferences(
  differences: readonly WeightDifference[],
  { keep = KEEP, onProgress, signal }: CompressOptions = {},
): Promise<Compression> {
  if (!(keep >= 0 && keep <= 1)) {
    throw new StudioError(
      "invalid-input",
      `The share of singular values to keep must be from 0 to 1, not ${keep}.`,
    );
  }
  const layers: ThinFactors[] = [];
  let [lost, all, numbers, numbersBefore] = [0, 0, 0, 0];
  for (const [i, difference] of differences.entries()) {
    await onProgress?.(i / differences.length);
    throwIfAborted(signal);
    const { layer, energy } = compressLayer(difference, keep);
    layers.push(layer);
    lost += layer.error ** 2 * energy;
    all += energy;
    numbers += layer.up.length + layer.down.length;
    numbersBefore += difference.values.length;
  }
  await onProgress?.(1);
  const error = all === 0 ? 0 : Math.sqrt(lost / all);
  return { layers, numbers, numbersBefore, bytes: 2 * numbers, error };
}

/** up · down [C, E]. */
export function expandFactors({
  dims: [channels, width],
  rank,
  up,
  down,
}: Pick<ThinFactors, "dims" | "rank" | "up" | "down">): Float32Array {
  const values = new Float32Array(channels * width);
  const row = new Float64Array(width);
  for (let c = 0; c < channels; c++) {
    row.fill(0);
    for (let i = 0; i < rank; i++) {
      const factor = up[c * rank + i]!;
      for (let e = 0; e < width; e++) row[e]! += factor * down[i * width + e]!;
    }
    values.set(row, c * width);
  }
  return values;
}

/**
 * The smallest rank whose values add up to `keep` of all; 0 where all are 0, else at least 1.
 * @param values none negative, the largest first
 */
export function rankToKeep(values: Float64Array, keep: number): number {
  const total = values.reduce((sum, value) => sum + value, 0);
  let [rank, sum] = [0, 0];
  while (rank < values.length && values[rank]! > 0) {
    sum += values[rank++]!;
    if (sum >= keep * total) break;
  }
  return rank;
}

/** @throws StudioError "invalid-input" where a number is not finite */
export function singularValuesOf({ name, dims, values }: WeightDifference): SingularValues {
  if (!values.every(Number.isFinite)) {
    throw new StudioError(
      "invalid-input",
      `The difference "${name}" holds numbers that are not finite; train the concept again, with a lower learning rate.`,
    );
  }
  return singularValues(values, ...dims);
}

/**
 * Σσ² of a layer's singular values, and the error of its first `rank`: what is lost are the values that were left out
 * (Eckart and Young).
 */
export function lossOf(
  values: Float64Array,
  rank: number,
): { readonly energy: number; readonly error: number } {
  const energy = sumOfSquares(values);
  const lost = sumOfSquares(values.subarray(rank));
  return { energy, error: energy === 0 ? 0 : Math.sqrt(lost / energy) };
}

function compressLayer(
  difference: WeightDifference,
  keep: number,
): { layer: ThinFactors; energy: number } {
  const { name, dims } = difference;
  const [channels] = dims;
  const singular = singularValuesOf(difference);
  const rank = rankToKeep(singular.values, keep);
  const { scaledLeft, right } = singular.vectors(rank);
  const up = new Float32Array(channels * rank);
  for (let i = 0; i < rank; i++) {
    rowOf(scaledLeft, channels, i).forEach((x, c) => (up[c * rank + i] = x));
  }
  const { energy, error } = lossOf(singular.values, rank);
  return { layer: { name, dims, rank, up, down: Float32Array.from(right), error }, energy };
}

function sumOfSquares(values: Float64Array): number {
  return values.reduce((sum, x) => sum + x * x, 0);
}
