/**
 * @file How far weights stray on regularisation captions, ‖Creg ΔW‖ / ‖Creg W0‖: what the merge makes small, and what
 * each concept does by itself.
 */
import { rowOf } from "../linalg/vector.ts";
import type { RegularisationGram } from "./gram.ts";
import type { MergeTarget } from "./target-rows.ts";

export interface Drift {
  /** Of the merged weights. */
  readonly drift: number;
  /** Of each concept's own weights. */
  readonly driftAlone: readonly number[];
}

/** A column costs E² for each concept; evenly spaced ones do for a figure of two digits. */
const COLUMNS = 256;

export function measureDrift({
  base,
  targets,
  gram,
  difference,
  columns,
}: {
  readonly base: Float32Array;
  readonly targets: readonly MergeTarget[];
  /** G0, that of the captions alone. */
  readonly gram: RegularisationGram;
  /** Merged ΔW [E, S]. */
  readonly difference: Float32Array;
  readonly columns: number;
}): Drift {
  const step = Math.max(1, Math.floor(columns / COLUMNS));
  let [merged, frozen] = [0, 0];
  const alone = targets.map(() => 0);
  for (let j = 0; j < columns; j += step) {
    merged += energy(gram, difference, columns, j);
    frozen += energy(gram, base, columns, j);
    targets.forEach((own, n) => (alone[n]! += energy(gram, own.difference, columns, j)));
  }
  const relative = (sum: number): number => (sum === 0 ? 0 : Math.sqrt(sum / frozen));
  return { drift: relative(merged), driftAlone: alone.map(relative) };
}

/**
 * ‖Creg ΔW‖ / ‖Creg W0‖ of any weights, whichever way they were found.
 * @param base W0 [E, columns]
 * @param difference ΔW, likewise
 */
export function relativeDrift(
  base: Float32Array,
  difference: Float32Array,
  gram: RegularisationGram,
): number {
  const columns = base.length / gram.width;
  let [moved, frozen] = [0, 0];
  for (let j = 0; j < columns; j++) {
    moved += energy(gram, difference, columns, j);
    frozen += energy(gram, base, columns, j);
  }
  return Math.sqrt(moved / frozen);
}

/** wᵀ G w of column j of `weights`. */
function energy(
  { width, lower }: RegularisationGram,
  weights: Float32Array,
  columns: number,
  j: number,
): number {
  const w = Float64Array.from({ length: width }, (_, e) => weights[e * columns + j]!);
  let sum = 0;
  for (let e = 0; e < width; e++) {
    const row = rowOf(lower, width, e);
    let below = 0;
    for (let f = 0; f < e; f++) below += row[f]! * w[f]!;
    sum += w[e]! * (2 * below + row[e]! * w[e]!);
  }
  return sum;
}
