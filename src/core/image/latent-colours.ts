/**
 * @file A quick look at latents: the linear map from latent channels to colours that fits one decoded picture best.
 * Fitted to the model at hand, so that no table of constants for each VAE is needed.
 */
import type { Planes } from "./pixels.ts";

/** For each of R, G, B: a factor for every latent channel, then a constant. */
export type LatentColours = readonly (readonly number[])[];

/**
 * Least squares over all latent pixels, a picture's colour being its mean over the pixels that the latent pixel covers.
 * @param latents [C, H, W]
 * @param picture [3, k·H, k·W]
 */
export function fitLatentColours(
  latents: Float32Array,
  channels: number,
  picture: Planes,
): LatentColours {
  const area = latents.length / channels;
  const side = Math.sqrt(area);
  const size = channels + 1;
  const rowOf = (pixel: number): number[] => [
    ...Array.from({ length: channels }, (_, c) => latents[c * area + pixel]!),
    1,
  ];
  const gram = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  const right = Array.from({ length: 3 }, () => new Array<number>(size).fill(0));
  for (let pixel = 0; pixel < area; pixel++) {
    const row = rowOf(pixel);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) gram[i]![j]! += row[i]! * row[j]!;
    }
    for (let colour = 0; colour < 3; colour++) {
      const value = blockMean(picture, colour, pixel % side, Math.floor(pixel / side), side);
      for (let i = 0; i < size; i++) right[colour]![i]! += row[i]! * value;
    }
  }
  // Flat latents leave the system singular; a trace of ridge picks the smallest solution.
  for (let i = 0; i < size; i++) gram[i]![i]! += 1e-6 * area;
  return right.map((side) => solve(gram, side));
}

/** Pixels [H, W] of latents, RGBA. */
export function paintLatents(
  latents: Float32Array,
  colours: LatentColours,
): Uint8ClampedArray<ArrayBuffer> {
  const channels = colours[0]!.length - 1;
  const area = latents.length / channels;
  const rgba = new Uint8ClampedArray(4 * area);
  for (let pixel = 0; pixel < area; pixel++) {
    for (let colour = 0; colour < 3; colour++) {
      const factors = colours[colour]!;
      let value = factors[channels]!;
      for (let c = 0; c < channels; c++) value += factors[c]! * latents[c * area + pixel]!;
      rgba[4 * pixel + colour] = (value / 2 + 0.5) * 255;
    }
    rgba[4 * pixel + 3] = 255;
  }
  return rgba;
}

function blockMean(
  { width, height, data }: Planes,
  colour: number,
  x: number,
  y: number,
  side: number,
) {
  const block = width / side;
  let sum = 0;
  for (let row = y * block; row < (y + 1) * block; row++) {
    const from = (colour * height + row) * width + x * block;
    for (let i = 0; i < block; i++) sum += Math.max(-1, Math.min(1, data[from + i]!));
  }
  return sum / block ** 2;
}

/** Gauss-Jordan on a small symmetric positive definite system. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let pivot = 0; pivot < rows.length; pivot++) {
    const own = rows[pivot]!;
    const scale = own[pivot]!;
    for (let j = 0; j < own.length; j++) own[j]! /= scale;
    for (const [i, row] of rows.entries()) {
      const factor = row[pivot]!;
      if (i === pivot) continue;
      for (let j = 0; j < row.length; j++) row[j]! -= factor * own[j]!;
    }
  }
  return rows.map((row) => row[rows.length]!);
}
