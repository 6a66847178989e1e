/** @file Guidance extrapolates from the unconditional prediction through the conditional one. */
import { expect, it } from "vitest";
import { guide } from "./guidance.ts";

const unconditional = Float32Array.of(1, -1, 0.5);
const conditional = Float32Array.of(2, -1, 0.25);

it("is the one at scale 0, the other at scale 1, and beyond it after that", () => {
  expect([...guide(unconditional, conditional, 0)]).toEqual([...unconditional]);
  expect([...guide(unconditional, conditional, 1)]).toEqual([...conditional]);
  expect([...guide(unconditional, conditional, 7.5)]).toEqual([8.5, -1, -1.375]);
});

it("refuses predictions of two lengths", () => {
  expect(() => guide(unconditional, new Float32Array(4), 6)).toThrow(
    expect.objectContaining({
      code: "internal",
      message: expect.stringContaining("3 and 4 long") as string,
    }),
  );
});
