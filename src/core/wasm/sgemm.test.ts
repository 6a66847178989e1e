/** @file MLAS's functions for products, with our code in front, beside sums in float64 and beside themselves. */
import { describe, expect, it } from "vitest";
import { changedFunctions, type Kernel, memory } from "../../../tests/support/wasm-functions.ts";

const A_AT = 0;
const B_AT = 0x4000;
const C_AT = 0x10000;
/** What is in C before. */
const UNTOUCHED = 7.5;

type Shape = readonly [m: number, n: number, k: number];

/** C as MLAS would have it: the function is called until all rows are done. */
function product(kernel: Kernel, [m, n, k]: Shape, alpha: number): Float32Array {
  const [lda, ldc] = [k + 3, n + 5];
  const floats = new Float32Array(memory.buffer);
  floats.fill(UNTOUCHED);
  for (let i = 0; i < m * lda; i++) floats[A_AT / 4 + i] = Math.sin(i);
  // Panels of 16 columns, the last filled up with zeros.
  for (let i = 0; i < Math.ceil(n / 16) * k * 16; i++) {
    const column = Math.floor(i / (k * 16)) * 16 + (i % 16);
    floats[B_AT / 4 + i] = column < n ? Math.cos(3 * i) : 0;
  }
  for (let row = 0; row < m;) {
    const at = C_AT + 4 * row * ldc;
    row += kernel(A_AT + 4 * row * lda, B_AT, at, k, m - row, n, lda, ldc, alpha);
  }
  return floats.slice(C_AT / 4, C_AT / 4 + m * ldc + 16);
}

/** The same in float64; `before` is what C is added to. */
function expected([m, n, k]: Shape, alpha: number, before: number): Float64Array {
  const [lda, ldc] = [k + 3, n + 5];
  return Float64Array.from({ length: m * ldc + 16 }, (_, i) => {
    const [row, column] = [Math.floor(i / ldc), i % ldc];
    if (row >= m || column >= n) return UNTOUCHED;
    let sum = 0;
    for (let j = 0; j < k; j++) {
      const at = Math.floor(column / 16) * k * 16 + j * 16 + (column % 16);
      sum += Math.fround(Math.sin(row * lda + j)) * Math.fround(Math.cos(3 * at));
    }
    return before + alpha * sum;
  });
}

const ROWS = [1, 2, 3, 4, 6, 9];
const COLUMNS = [1, 2, 3, 4, 7, 8, 9, 13, 15, 16, 17, 24, 30, 32, 48];
const DEPTHS = [0, 1, 2, 77];
const SHAPES = ROWS.flatMap((m) => COLUMNS.flatMap((n) => DEPTHS.map((k): Shape => [m, n, k])));

function worst(got: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < wanted.length; i++) most = Math.max(most, Math.abs(got[i]! - wanted[i]!));
  return most;
}

describe.each([
  { mode: "multiply and add", relaxed: false },
  { mode: "relaxed multiply-add", relaxed: true },
])("$mode", ({ relaxed }) => {
  const kernels = changedFunctions("products", relaxed);

  it.each([
    { what: "overwrites C", before: 0 },
    { what: "adds to C", before: UNTOUCHED },
  ])("one of the two $what, and writes nowhere else", ({ before }) => {
    const one: Shape = [2, 16, 2];
    const found = kernels.filter(
      ({ after }) => worst(product(after, one, 1), expected(one, 1, before)) < 1e-5,
    );
    expect(found).toHaveLength(1);
    for (const shape of SHAPES) {
      const alpha = shape[1] % 2 === 0 ? 1 : -0.75;
      const ours = product(found[0]!.after, shape, alpha);
      // Sums of k products below 1 and of what was there, in float32, in whatever order.
      const near = (shape[2] + 2) * 2 ** -21;
      expect(worst(ours, expected(shape, alpha, before)), shape.join(" x ")).toBeLessThan(near);
      expect(worst(ours, product(found[0]!.before, shape, alpha)), shape.join(" x ")).toBeLessThan(
        near,
      );
    }
  });
});
