/** @file The products of a merge that run over all columns of the packed weights: O(s E S) each. */
import { addScaled, rowOf } from "../linalg/vector.ts";
import type { MergeTarget, TargetRow } from "./target-rows.ts";

/** T [s, S]: what each target row's values change by under its own concept, c (W_n - W0). */
export function changesOf(
  rows: readonly TargetRow[],
  targets: readonly MergeTarget[],
  columns: number,
): Float64Array {
  const changes = new Float64Array(rows.length * columns);
  rows.forEach(({ concept, features }, i) => {
    const change = rowOf(changes, columns, i);
    const { difference } = targets[concept]!;
    for (let e = 0; e < features.length; e++) {
      addFloats(change, features[e]!, difference.subarray(e * columns, (e + 1) * columns));
    }
  });
  return changes;
}

/** T - C ΔW_u [s, S]: what is still missing at the target rows. @param drawn ΔW_u [E, S] */
export function missingFrom(
  changes: Float64Array,
  rows: readonly TargetRow[],
  drawn: Float32Array,
  columns: number,
): Float64Array {
  const missing = changes.slice();
  rows.forEach(({ features }, i) => {
    const row = rowOf(missing, columns, i);
    for (let e = 0; e < features.length; e++) {
      addFloats(row, -features[e]!, drawn.subarray(e * columns, (e + 1) * columns));
    }
  });
  return missing;
}

export interface RowsToApply {
  readonly base: Float32Array;
  /** ΔW_u [E, S] */
  readonly drawn: Float32Array;
  readonly kept: readonly TargetRow[];
  /** T [s, S] */
  readonly changes: Float64Array;
  /** Rows of Q (G⁺)^½ [s][E]. */
  readonly directions: readonly Float64Array[];
  /** L⁻¹ (T - C ΔW_u) [s, S] */
  readonly solved: Float64Array;
  readonly columns: number;
}

/** ΔW = ΔW_u + Σᵢ directionᵢᵀ solvedᵢ [E, S], and how well weights rounded to float32 keep to C ΔW = T. */
export function applyRows(rows: RowsToApply): { difference: Float32Array; residual: number } {
  const { base, drawn, kept, changes, directions, solved, columns } = rows;
  const difference = new Float32Array(base.length);
  const row = new Float64Array(columns);
  // c W0, and c times what float32 makes of W - W0.
  const [values, reached] = [new Float64Array(changes.length), new Float64Array(changes.length)];
  for (let start = 0; start < base.length; start += columns) {
    const e = start / columns;
    row.set(drawn.subarray(start, start + columns));
    directions.forEach((direction, i) => addScaled(row, direction[e]!, rowOf(solved, columns, i)));
    difference.set(row, start);
    const frozen = base.subarray(start, start + columns);
    for (let k = 0; k < columns; k++) {
      row[k] = Math.fround(frozen[k]! + difference[start + k]!) - frozen[k]!;
    }
    kept.forEach(({ features }, i) => {
      addScaled(rowOf(reached, columns, i), features[e]!, row);
      addFloats(rowOf(values, columns, i), features[e]!, frozen);
    });
  }
  return { difference, residual: largestError(kept.length, columns, { changes, values, reached }) };
}

function largestError(
  count: number,
  columns: number,
  { changes, values, reached }: Readonly<Record<"changes" | "values" | "reached", Float64Array>>,
): number {
  let largest = 0;
  for (let i = 0; i < count; i++) {
    let [error, size] = [0, 0];
    for (let j = i * columns; j < (i + 1) * columns; j++) {
      error += (reached[j]! - changes[j]!) ** 2;
      size += (values[j]! + changes[j]!) ** 2;
    }
    if (error > 0) largest = Math.max(largest, Math.sqrt(error / size));
  }
  return largest;
}

/** y ← y + factor x, for weights as they are kept. */
function addFloats(y: Float64Array, factor: number, x: Float32Array): void {
  for (let j = 0; j < x.length; j++) y[j]! += factor * x[j]!;
}
