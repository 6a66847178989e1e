/** @file MLAS's function for a softmax's exponentials as we have it, beside Math.exp and beside itself. */
import { describe, expect, it } from "vitest";
import { changedFunctions, type Kernel, memory } from "../../../tests/support/wasm-functions.ts";

const OUTPUT_AT = 0x8000;
const UNTOUCHED = 7.5;

/** Elements from -100 to 20 against a maximum of 20; the last output is not to be written. */
function run(kernel: Kernel, count: number, output = OUTPUT_AT) {
  const floats = new Float32Array(memory.buffer);
  floats.fill(UNTOUCHED);
  for (let i = 0; i < count; i++) floats[i] = 20 - 120 * ((i * 0.37) % 1) ** 2;
  const input = floats.slice(0, count);
  const sum = kernel(0, output, count, -20);
  return { input, sum, output: floats.slice(OUTPUT_AT / 4, OUTPUT_AT / 4 + count + 4) };
}

describe.each([
  { mode: "multiply and add", relaxed: false },
  { mode: "relaxed multiply-add", relaxed: true },
])("$mode", ({ relaxed }) => {
  const [{ before, after }] = changedFunctions("exponentials", relaxed) as [
    { before: Kernel; after: Kernel },
  ];

  it.each([1, 2, 3, 4, 5, 15, 16, 17, 20, 23, 31, 33, 77, 1024])(
    "%i elements and their sum are those of Math.exp",
    (count) => {
      const { input, output, sum } = run(after, count);
      let total = 0;
      for (const [i, x] of input.entries()) {
        const wanted = Math.exp(Math.fround(x - 20));
        total += wanted;
        // The polynomial's own error is 2 units in the last place; what is no normal number becomes 0, as in MLAS.
        expect(Math.abs(output[i]! - wanted)).toBeLessThan(4e-7 * wanted + 2 ** -126);
      }
      expect(Math.abs(sum / total - 1)).toBeLessThan(1e-6);
      expect([...output.subarray(count)]).toEqual([UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED]);
      expect(Math.abs(run(before, count).sum / sum - 1)).toBeLessThan(1e-6);
    },
  );

  it("gives the sum alone where there is no output", () => {
    const { output, sum } = run(after, 77, 0);
    expect(sum).toBe(run(after, 77).sum);
    expect(new Set(output)).toEqual(new Set([UNTOUCHED]));
  });

  it("gives nothing for no elements", () => {
    expect(run(after, 0).sum).toBe(0);
  });
});
