/** @file The stored merge of two concepts of the default model, and products written out. */
import { type Golden, readGolden } from "./golden.ts";
import type { RegularisationGram } from "../../src/core/merge/gram.ts";
import type { MergeInput } from "../../src/core/merge/merge.ts";
import type { MergeTarget } from "../../src/core/merge/target-rows.ts";

export interface StoredMerge extends MergeInput {
  readonly width: number;
  readonly columns: number;
  readonly golden: Golden;
}

export async function storedMerge(): Promise<StoredMerge> {
  const golden = await readGolden("merge");
  const floats = (name: string): Float32Array => Float32Array.from(golden.get(name).data);
  const [width, columns] = golden.get("base").dims as [number, number];
  const labels = JSON.parse(golden.metadata.get("labels")!) as Record<string, string[]>;
  const targets = Object.entries(labels).map(([category, rows]): MergeTarget => ({
    name: `<new> ${category}`,
    features: floats(`${category}.features`),
    labels: rows,
    context: new Float32Array(),
    difference: floats(`${category}.difference`),
  }));
  const lower = new Float64Array(width * width);
  const packed = golden.get("gram.lower").data;
  for (let i = 0, at = 0; i < width; at += ++i)
    lower.set(packed.subarray(at, at + i + 1), i * width);
  const gram: RegularisationGram = {
    width,
    rows: Number(golden.metadata.get("caption_rows")),
    lower,
  };
  return { golden, width, columns, base: floats("base"), targets, gram };
}

/** A·B of A [m, k] and B [k, n] in float64. */
export function product(a: ArrayLike<number>, b: ArrayLike<number>, inner: number): Float64Array {
  const [rows, columns] = [a.length / inner, b.length / inner];
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inner; k++) {
      for (let j = 0; j < columns; j++)
        out[i * columns + j]! += a[i * inner + k]! * b[k * columns + j]!;
    }
  }
  return out;
}

/** ‖Creg D‖² = Σ dᵀ G d over the columns of D [E, S]. */
export function energyOf(gram: RegularisationGram, weights: ArrayLike<number>): number {
  const { width, lower } = gram;
  const full = lower.map((_, k) => {
    const [i, j] = [Math.floor(k / width), k % width];
    return lower[Math.max(i, j) * width + Math.min(i, j)]!;
  });
  const seen = product(full, weights, width);
  let sum = 0;
  for (let k = 0; k < seen.length; k++) sum += seen[k]! * weights[k]!;
  return sum;
}
