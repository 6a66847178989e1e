/** @file The Gram of captions, however they are cut into batches, and the space of features that it spans. */
import { describe, expect, it } from "vitest";
import { normals } from "../../../tests/support/seeded.ts";
import { dot, rowOf } from "../linalg/vector.ts";
import { featureSpace, fromCoordinates, toCoordinates } from "./feature-space.ts";
import { accumulateGram, emptyGram } from "./gram.ts";
import { captionRange, targetPrompts, targetRange } from "./target-prompts.ts";

const E = 10;
const rows = normals(1, "captions", 53 * E);

describe("accumulateGram", () => {
  it("adds up products, in batches of any size", () => {
    const whole = accumulateGram(emptyGram(E), rows);
    let parts = emptyGram(E);
    for (const [from, to] of [
      [0, 3],
      [3, 3],
      [3, 20],
      [20, 53],
    ] as const) {
      parts = accumulateGram(parts, rows.subarray(from * E, to * E));
    }
    expect(whole.rows).toBe(53);
    expect(parts.rows).toBe(53);
    for (let i = 0; i < E; i++) {
      for (let j = 0; j < E; j++) {
        let sum = 0;
        for (let r = 0; r < 53; r++) sum += rows[r * E + i]! * rows[r * E + j]!;
        expect(whole.lower[i * E + j]).toBeCloseTo(j <= i ? sum : 0, 10);
        expect(parts.lower[i * E + j]).toBeCloseTo(j <= i ? sum : 0, 10);
      }
    }
  });

  it("refuses half a row, and what is not a number", () => {
    expect(() => accumulateGram(emptyGram(E), new Float32Array(E + 1))).toThrow(
      "no whole number of rows",
    );
    const broken = new Float32Array(E).fill(NaN);
    expect(() => accumulateGram(emptyGram(E), broken)).toThrow("not a finite number");
  });
});

describe("featureSpace", () => {
  // Rows that are orthogonal to their own normal but for 1e-5: what a LayerNorm does to features.
  const normal = Float64Array.from(normals(2, "normal", E));
  const flat = Float32Array.from(rows);
  for (let r = 0; r < 53; r++) {
    const row = Float64Array.from(flat.subarray(r * E, (r + 1) * E));
    const along = dot(row, normal) / dot(normal, normal);
    for (let e = 0; e < E; e++) flat[r * E + e]! -= (along - 1e-5) * normal[e]!;
  }
  const space = featureSpace(accumulateGram(emptyGram(E), flat));

  it("leaves out the normal of the features, and nothing else", () => {
    expect(space).toMatchObject({ retained: E - 1, cut: 1 });
    expect(space.conditionBefore).toBeGreaterThan(1e6 * space.conditionAfter);
    const seen = toCoordinates(space, normal);
    expect(Math.sqrt(dot(seen, seen) / dot(normal, normal))).toBeLessThan(1e-4);
  });

  it("has coordinates in which the captions weigh the same everywhere", () => {
    const sum = new Float64Array((E - 1) ** 2);
    for (let r = 0; r < 53; r++) {
      const y = toCoordinates(space, Float64Array.from(flat.subarray(r * E, (r + 1) * E)));
      y.forEach((a, i) => y.forEach((b, j) => (sum[i * (E - 1) + j]! += a * b)));
    }
    sum.forEach((x, k) => expect(x).toBeCloseTo(k % E === 0 ? 1 : 0, 8));
  });

  it("gives G⁺ c back", () => {
    const c = Float64Array.from(flat.subarray(0, E));
    const solution = fromCoordinates(space, toCoordinates(space, c));
    const { lower } = accumulateGram(emptyGram(E), flat);
    for (let i = 0; i < E; i++) {
      let sum = dot(rowOf(lower, E, i), solution);
      for (let j = i + 1; j < E; j++) sum += lower[j * E + i]! * solution[j]!;
      expect(sum).toBeCloseTo(c[i]!, 4);
    }
  });
});

describe("targetPrompts", () => {
  const framed = (...ids: number[]) => ({
    ids: Int32Array.from({ length: 77 }, (_, i) => [900, ...ids][i] ?? 901),
    kept: ids.length,
    cut: null,
  });

  it("are the bare name and a photo of it, from V* to the end mark", () => {
    expect(targetPrompts("<new1>", "teddy bear")).toEqual([
      "<new1> teddy bear",
      "photo of a <new1> teddy bear",
    ]);
    expect(targetRange(framed(1000, 7, 8), 1000)).toEqual({ start: 1, end: 5 });
    expect(targetRange(framed(4, 5, 6, 1000, 7), 1000)).toEqual({ start: 4, end: 7 });
    expect(captionRange(framed(4, 5, 6))).toEqual({ start: 1, end: 5 });
    expect(() => targetRange(framed(1, 2), 1000)).toThrow("must name the concept's new word");
  });
});
