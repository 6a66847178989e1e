/** @file PNG: what is written is what is read again. */
import sharp from "sharp";
import { expect, it } from "vitest";
import { encodePng } from "./png.ts";

it("keeps every pixel", async () => {
  const data = Uint8ClampedArray.from({ length: 5 * 3 * 3 }, (_, i) => (i * 41) % 256);
  const png = await encodePng({ width: 5, height: 3, data });
  expect(await sharp(png).metadata()).toMatchObject({
    format: "png",
    width: 5,
    height: 3,
    channels: 3,
    depth: "uchar",
  });
  expect(Uint8ClampedArray.from(await sharp(png).raw().toBuffer())).toEqual(data);
});

it("reads from the middle of a larger array", async () => {
  const all = Uint8ClampedArray.from({ length: 100 }, (_, i) => i);
  const png = await encodePng({ width: 2, height: 1, data: all.subarray(50, 56) });
  expect([...(await sharp(png).raw().toBuffer())]).toEqual([50, 51, 52, 53, 54, 55]);
});
