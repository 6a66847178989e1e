/** @file Conversion between 8 bits and [-1, 1], against diffusers' VaeImageProcessor (tools/golden_images.py). */
import { expect, it } from "vitest";
import { readGolden } from "../../../tests/support/golden.ts";
import { uniforms } from "../../../tests/support/seeded.ts";
import { toPixels, toPlanes } from "./convert.ts";

it("rounds and clamps as diffusers does", async () => {
  const { dims, data } = (await readGolden("images")).get("pixels");
  const [height = 0, width = 0] = dims;
  const u = uniforms(11, "image");
  const planes = Float32Array.from({ length: data.length }, (_, i) => 1.25 * (2 * u(i) - 1));
  const pixels = toPixels({ width, height, data: planes });
  expect(pixels).toMatchObject({ width, height });
  expect(Array.from(pixels.data)).toEqual(Array.from(data));
});

it("rounds mid-grey up to the even 128", () => {
  expect(toPixels({ width: 1, height: 1, data: new Float32Array(3) }).data).toEqual(
    Uint8ClampedArray.of(128, 128, 128),
  );
});

it("separates the channels", () => {
  const { data } = toPlanes({
    width: 2,
    height: 1,
    data: Uint8ClampedArray.of(0, 51, 255, 102, 0, 51),
  });
  // x / 127.5 - 1, to the precision of float32.
  const expected = [-1, -0.2, -0.6, -1, 1, -0.6];
  data.forEach((x, i) => expect(Math.abs(x - expected[i]!)).toBeLessThan(2 ** -24));
});

it("brings every 8-bit value back", () => {
  const pixels = {
    width: 16,
    height: 16,
    data: Uint8ClampedArray.from({ length: 768 }, (_, i) => Math.floor(i / 3)),
  };
  expect(toPixels(toPlanes(pixels))).toEqual(pixels);
});
