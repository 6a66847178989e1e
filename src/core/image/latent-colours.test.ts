/** @file A picture that is a linear function of its latents is found again exactly. */
import { expect, it } from "vitest";
import { normal } from "../random/normal.ts";
import { fitLatentColours, paintLatents } from "./latent-colours.ts";
import type { Planes } from "./pixels.ts";

const CHANNELS = 4;
const SIDE = 6;
const BLOCK = 3;
const COLOURS = [
  [0.1, -0.2, 0.05, 0, 0.1],
  [0, 0.15, -0.1, 0.02, -0.2],
  [-0.05, 0, 0.2, 0.1, 0],
];

function pictureOf(latents: Float32Array): Planes {
  const width = SIDE * BLOCK;
  const data = new Float32Array(3 * width * width);
  COLOURS.forEach((factors, colour) => {
    for (let y = 0; y < width; y++) {
      for (let x = 0; x < width; x++) {
        const pixel = Math.floor(y / BLOCK) * SIDE + Math.floor(x / BLOCK);
        const sum = factors.reduce(
          (total, factor, c) =>
            total + factor * (c < CHANNELS ? latents[c * SIDE * SIDE + pixel]! : 1),
          0,
        );
        data[(colour * width + y) * width + x] = sum;
      }
    }
  });
  return { width, height: width, data };
}

it("finds the linear map that made the picture", () => {
  const latents = normal(3, CHANNELS * SIDE * SIDE);
  const found = fitLatentColours(latents, CHANNELS, pictureOf(latents));
  // The ridge of 1e-6 moves the solution by about as much.
  found.forEach((factors, colour) =>
    factors.forEach((factor, c) => expect(factor).toBeCloseTo(COLOURS[colour]![c]!, 4)),
  );
});

it("stays finite on flat latents, and paints their mean colour", () => {
  const latents = new Float32Array(CHANNELS * SIDE * SIDE).fill(0.5);
  const flat = pictureOf(latents);
  const rgba = paintLatents(latents, fitLatentColours(latents, CHANNELS, flat));
  const wanted = [0, 1, 2].map((c) => (flat.data[c * flat.width ** 2]! / 2 + 0.5) * 255);
  wanted.forEach((value, c) => expect(Math.abs(rgba[c]! - value)).toBeLessThan(1));
  expect(rgba[3]).toBe(255);
});
