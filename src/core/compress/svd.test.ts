/** @file Singular values and vectors: those of numpy, orthonormal, and of a sum that is the matrix. */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { readGolden } from "../../../tests/support/golden.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { product } from "../../../tests/support/stored-merge.ts";
import { dot, rowOf } from "../linalg/vector.ts";
import { type SingularValues, singularValues } from "./svd.ts";

/** Largest |xᵢ·xⱼ - δᵢⱼ| of rows scaled to length 1. */
function skewness(rows: Float64Array, width: number): number {
  const count = rows.length / width;
  const norms = Array.from({ length: count }, (_, i) =>
    Math.sqrt(dot(rowOf(rows, width, i), rowOf(rows, width, i))),
  );
  let largest = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const along = dot(rowOf(rows, width, i), rowOf(rows, width, j));
      largest = Math.max(largest, Math.abs(along / (norms[i]! * norms[j]!)));
    }
  }
  return largest;
}

/** Σ σᵢ uᵢ vᵢᵀ of the first `count`. */
function sum(singular: SingularValues, count: number, rows: number, columns: number): Float64Array {
  const { scaledLeft, right } = singular.vectors(count);
  const left = new Float64Array(rows * count);
  for (let i = 0; i < count; i++) {
    for (let r = 0; r < rows; r++) left[r * count + i] = scaledLeft[i * rows + r]!;
  }
  return product(left, right.subarray(0, count * columns), count);
}

describe("singularValues", () => {
  it("are numpy's", async () => {
    const golden = await readGolden("merge");
    const { data, dims } = golden.get("bear.difference");
    const { values } = singularValues(Float32Array.from(data), dims[0]!, dims[1]!);
    expect(relativeL2(values, golden.get("singular.values").data)).toBeLessThan(1e-12);
  });

  it.each([
    ["tall", 40, 24],
    ["wide", 24, 40],
    ["square", 31, 31],
    ["one row", 1, 9],
    ["one column", 9, 1],
  ])("of a %s matrix", (_, rows, columns) => {
    const matrix = normals(8, "matrix", rows * columns);
    const singular = singularValues(matrix, rows, columns);
    const count = Math.min(rows, columns);
    expect(singular.values).toHaveLength(count);
    expect([...singular.values]).toEqual([...singular.values].sort((a, b) => b - a));
    expect(relativeL2(sum(singular, count, rows, columns), matrix)).toBeLessThan(1e-13);
    const { scaledLeft, right } = singular.vectors(count);
    expect(skewness(scaledLeft, rows)).toBeLessThan(1e-11);
    expect(skewness(right, columns)).toBeLessThan(1e-11);
    for (let i = 0; i < count; i++) {
      const [u, v] = [rowOf(scaledLeft, rows, i), rowOf(right, columns, i)];
      expect(Math.sqrt(dot(u, u)) / singular.values[i]!).toBeCloseTo(1, 10);
      expect(dot(v, v)).toBeCloseTo(1, 12);
    }
  });

  it("are as many as the rank, but for rounding, and exact to the sum of what is left out", () => {
    const [rows, columns, rank] = [30, 50, 4];
    const matrix = Float32Array.from(
      product(normals(1, "left", rows * rank), normals(1, "right", rank * columns), rank),
    );
    const singular = singularValues(matrix, rows, columns);
    // Rounding to float32 has singular values of its own.
    expect(singular.values[rank - 1]).toBeGreaterThan(1);
    expect(singular.values[rank]).toBeLessThan(1e-5);
    const error = relativeL2(sum(singular, 2, rows, columns), matrix);
    const tail = Math.hypot(...singular.values.subarray(2)) / Math.hypot(...singular.values);
    expect(error).toBeCloseTo(tail, 10);
  });

  it("of nothing are 0", () => {
    expect([...singularValues(new Float32Array(12), 3, 4).values]).toEqual([0, 0, 0]);
  });
});
