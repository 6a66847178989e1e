/** @file Y = L Q, and what its sines say about rows that depend on one another. */
import { describe, expect, it } from "vitest";
import { normals } from "../../../tests/support/seeded.ts";
import { solveLower, triangularFactor } from "./triangular-factor.ts";
import { dot, rowOf } from "./vector.ts";

describe("triangularFactor", () => {
  const [count, width] = [7, 20];
  const rows = Float64Array.from(normals(3, "rows", count * width));
  // The fourth row is nearly the second, the last one nearly a sum.
  rows.copyWithin(3 * width, width, 2 * width);
  rows[3 * width]! += 1e-6;
  for (let k = 0; k < width; k++) rows[6 * width + k] = rows[k]! - 2 * rows[2 * width + k]!;
  rows[6 * width + 5]! += 1e-9;
  const { lower, orthonormal, sines } = triangularFactor(rows, width);

  it("multiplies to the rows, of orthonormal directions", () => {
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        const along = dot(rowOf(orthonormal, width, i), rowOf(orthonormal, width, j));
        expect(along).toBeCloseTo(i === j ? 1 : 0, 14);
      }
      for (let k = 0; k < width; k++) {
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += lower[i * count + j]! * orthonormal[j * width + k]!;
        expect(sum).toBeCloseTo(rows[i * width + k]!, 13);
      }
    }
  });

  it("says how much of each row is its own", () => {
    expect(sines[0]).toBe(1);
    for (const i of [1, 2, 4, 5]) expect(sines[i]).toBeGreaterThan(0.5);
    expect(sines[3]).toBeGreaterThan(1e-8);
    expect(sines[3]).toBeLessThan(1e-6);
    expect(sines[6]).toBeLessThan(1e-9);
    expect(triangularFactor(Float64Array.of(1, 0, 2, 0), 2).sines[1]).toBe(0);
  });

  it("is solved for", () => {
    const [size, columns] = [3, 2];
    const factor = Float64Array.of(2, 0, 0, -1, 4, 0, 0.5, 3, -2);
    const right = Float64Array.of(2, 4, 7, -6, 1, 1);
    const solution = right.slice();
    solveLower(factor, solution, columns);
    for (let i = 0; i < size; i++) {
      for (let c = 0; c < columns; c++) {
        let sum = 0;
        for (let j = 0; j <= i; j++) sum += factor[i * size + j]! * solution[j * columns + c]!;
        expect(sum).toBeCloseTo(right[i * columns + c]!, 14);
      }
    }
  });
});
