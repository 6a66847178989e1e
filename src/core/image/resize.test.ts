/** @file Resizing against torch's antialiased interpolate in float64, with which Pillow agrees (tools/golden_images.py). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../tests/support/golden.ts";
import { uniforms } from "../../../tests/support/seeded.ts";
import type { Planes } from "./pixels.ts";
import { resize, type ResizeFilter } from "./resize.ts";

const golden = await readGolden("images");

/** The image that the reference was computed from. */
function goldenInput(): Planes {
  const [width, height] = [23, 19];
  const u = uniforms(11, "image");
  const data = Float32Array.from({ length: 3 * width * height }, (_, i) => 2 * u(i) - 1);
  return { width, height, data };
}

const cases = golden.names.filter((name) => name.includes("."));

it("has ten reference cases", () => {
  expect(cases).toHaveLength(10);
});

describe.each(cases)("%s", (name) => {
  it("equals the reference", () => {
    const filter: ResizeFilter = name.startsWith("bicubic") ? "bicubic" : "bilinear";
    const { dims, data } = golden.get(name);
    const [, height = 0, width = 0] = dims;
    const got = resize(goldenInput(), width, height, filter);
    expect(got).toMatchObject({ width, height });
    // Three roundings to float32 (between the passes, here, there) of numbers up to about 1.5.
    const worst = got.data.reduce((max, x, i) => Math.max(max, Math.abs(x - data[i]!)), 0);
    expect(worst).toBeLessThan(3 * 2 ** -24 * 1.5);
  });
});

const side = fc.integer({ min: 1, max: 40 });
const filter = fc.constantFrom<ResizeFilter>("bilinear", "bicubic");

describe("resize", () => {
  it("leaves an image of the same size as it is", () => {
    expect(resize(goldenInput(), 23, 19, "bicubic")).toEqual(goldenInput());
  });

  it("leaves one colour one colour at any size", () => {
    fc.assert(
      fc.property(side, side, side, side, filter, (width, height, toWidth, toHeight, kind) => {
        const data = new Float32Array(3 * width * height).fill(0.25);
        const { data: got } = resize({ width, height, data }, toWidth, toHeight, kind);
        // Weights add up to 1 only as far as float64 goes; float32 hides it, or shows one unit.
        expect(got).toHaveLength(3 * toWidth * toHeight);
        expect(got.find((x) => Math.abs(x - 0.25) > 2 ** -25)).toBeUndefined();
      }),
      { seed: 1 },
    );
  });

  it("clamps where bicubic overshoots", () => {
    const edge: Planes = { width: 4, height: 1, data: new Float32Array(12).fill(-1) };
    for (let channel = 0; channel < 3; channel++)
      edge.data.fill(1, 4 * channel + 2, 4 * channel + 4);
    const { data } = resize(edge, 16, 1, "bicubic");
    expect(Math.max(...data)).toBe(1);
    expect(Math.min(...data)).toBe(-1);
  });
});
