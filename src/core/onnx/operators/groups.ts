/** @file Tensors as groups of elements that a reduction or a normalisation takes together. */
import type { Dims } from "../../tensor/shape.ts";
import { axisOffsets } from "./offsets.ts";

/**
 * Group g has the elements at starts[g] + members[i]. Groups are in row-major order of the axes that are kept,
 * members in row-major order of the axes that are not.
 */
export interface Groups {
  readonly starts: Int32Array;
  readonly members: Int32Array;
}

/** One group for every position along the other axes. */
export function groupsOf(dims: Dims, axes: readonly number[]): Groups {
  return {
    starts: axisOffsets(dims, (axis) => !axes.includes(axis)),
    members: axisOffsets(dims, (axis) => axes.includes(axis)),
  };
}

/** One number for each group. */
export function foldGroups(
  data: Float64Array,
  { starts, members }: Groups,
  first: number,
  fold: (sum: number, x: number) => number,
): Float64Array {
  const out = new Float64Array(starts.length).fill(first);
  for (let g = 0; g < starts.length; g++) {
    for (let i = 0; i < members.length; i++)
      out[g] = fold(out[g]!, data[starts[g]! + members[i]!]!);
  }
  return out;
}

const add = (sum: number, x: number): number => sum + x;

export interface Standardised {
  /** (x - mean) / √(variance + epsilon). */
  readonly values: Float64Array;
  /** One for each group. */
  readonly mean: Float64Array;
  /** 1 / √(variance + epsilon), one for each group. */
  readonly inverseDeviation: Float64Array;
}

/** Gradient of what was standardised, from that of its values: (d - mean d - v ∘ mean(d ∘ v)) / √(variance + epsilon). */
export function standardiseGradient(
  d: Float64Array,
  { starts, members }: Groups,
  { values, inverseDeviation }: Standardised,
): Float64Array {
  const out = new Float64Array(d.length);
  starts.forEach((start, g) => {
    let [sum, along] = [0, 0];
    for (const member of members) {
      sum += d[start + member]!;
      along += d[start + member]! * values[start + member]!;
    }
    for (const member of members) {
      const at = start + member;
      out[at] = inverseDeviation[g]! * (d[at]! - (sum + values[at]! * along) / members.length);
    }
  });
  return out;
}

/** Every group brought to mean 0 and variance 1; the variance divides by the number of elements. */
export function standardise(data: Float64Array, groups: Groups, epsilon: number): Standardised {
  const { starts, members } = groups;
  const count = members.length;
  const mean = foldGroups(data, groups, 0, add).map((sum) => sum / count);
  const inverseDeviation = new Float64Array(starts.length);
  const values = new Float64Array(data.length);
  for (let g = 0; g < starts.length; g++) {
    let squares = 0;
    for (let i = 0; i < count; i++) squares += (data[starts[g]! + members[i]!]! - mean[g]!) ** 2;
    inverseDeviation[g] = 1 / Math.sqrt(squares / count + epsilon);
    for (let i = 0; i < count; i++) {
      const at = starts[g]! + members[i]!;
      values[at] = (data[at]! - mean[g]!) * inverseDeviation[g]!;
    }
  }
  return { values, mean, inverseDeviation };
}
