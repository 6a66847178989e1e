/**
 * @file Custom Diffusion's augmentation (arXiv 2212.04488, appendix; ranges of the authors' CompVis variant): the photo
 * mirrored, small or enlarged, with words that say so and a mask of where the loss counts.
 */
import { StudioError } from "../errors.ts";
import type { Random } from "../random/random.ts";
import { crop, flipHorizontally, pasteOnGrey } from "./geometry.ts";
import type { Planes } from "./pixels.ts";
import { resize } from "./resize.ts";

export interface AugmentedView {
  /** size x size. */
  readonly planes: Planes;
  /** [size / 8, size / 8], row by row, at the resolution of the latents: ones where the loss counts, else zeros. */
  readonly mask: Float32Array;
  /** What the prompt begins with: "", or words with a space at the end. */
  readonly prefix: string;
}

/** Pixels a latent, along one side. */
const LATENT_STRIDE = 8;

/** Below this, the smallest view (a third of it) has no room for a latent pixel that the picture covers entirely. */
const SMALLEST_SIZE = 48;

const FAR_PREFIXES = ["a far away ", "very small "];
const ZOOM_PREFIXES = ["zoomed in ", "close up "];

/**
 * One view of a square photo, which is best given in its own resolution.
 *
 * Half of the views are mirrored. Two in three are drawn at a scale from a third of `size` to `size`, the others at 1.2
 * to 1.4 times `size`. Under 0.6 times `size` the photo is put somewhere on a mid-grey canvas; from there to `size` it
 * fills the view after all; above it a part is cut out.
 *
 * @throws StudioError "internal" where the photo is no square or `size` no multiple of 8 of at least 48
 */
export function augment(square: Planes, size: number, random: Random): AugmentedView {
  requireSizes(square, size);
  const mirrored = random.uniform() < 0.5 ? flipHorizontally(square) : square;
  const scale = drawScale(size, random);
  if (scale < 0.6 * size) return farView(mirrored, size, scale, random);
  if (scale > size) return zoomedView(mirrored, size, scale, random);
  return plainView(mirrored, size, false);
}

/** The whole square, as regularisation images are shown; arguments and errors as in {@link augment}. */
export function plainView(square: Planes, size: number, flip: boolean): AugmentedView {
  requireSizes(square, size);
  const resized = resize(square, size, size, "bicubic");
  return {
    planes: flip ? flipHorizontally(resized) : resized,
    mask: fullMask(size),
    prefix: "",
  };
}

/** Side of the whole photo in the view, in pixels; even, so that a centre has as much on its left as on its right. */
function drawScale(size: number, random: Random): number {
  const scale =
    random.uniform() < 2 / 3
      ? random.integer(Math.floor(size / 3), size)
      : random.integer(Math.floor(1.2 * size), Math.floor(1.4 * size) - 1);
  return scale + (scale % 2);
}

function farView(square: Planes, size: number, scale: number, random: Random): AugmentedView {
  const prefix = random.pick(FAR_PREFIXES);
  const left = random.integer(0, size - scale);
  const top = random.integer(0, size - scale);
  const canvas = { width: size, height: size };
  return {
    planes: pasteOnGrey(resize(square, scale, scale, "bicubic"), canvas, left, top),
    mask: insideMask(size, erodedSpan(left, scale), erodedSpan(top, scale)),
    prefix,
  };
}

function zoomedView(square: Planes, size: number, scale: number, random: Random): AugmentedView {
  const prefix = random.pick(ZOOM_PREFIXES);
  const left = random.integer(0, scale - size);
  const top = random.integer(0, scale - size);
  const enlarged = resize(square, scale, scale, "bicubic");
  return {
    planes: crop(enlarged, { left, top, width: size, height: size }),
    mask: fullMask(size),
    prefix,
  };
}

interface Span {
  readonly begin: number;
  readonly end: number;
}

/**
 * Latent pixels under `scale` pixels from `start`, but the first that is touched and the last that is covered entirely;
 * the middle one where that leaves none.
 */
function erodedSpan(start: number, scale: number): Span {
  const begin = Math.floor(start / LATENT_STRIDE) + 1;
  const end = Math.floor((start + scale) / LATENT_STRIDE) - 1;
  if (begin < end) return { begin, end };
  const middle = Math.floor((start + scale / 2) / LATENT_STRIDE);
  return { begin: middle, end: middle + 1 };
}

function insideMask(size: number, columns: Span, rows: Span): Float32Array {
  const side = size / LATENT_STRIDE;
  const mask = new Float32Array(side * side);
  for (let y = rows.begin; y < rows.end; y++) {
    mask.fill(1, y * side + columns.begin, y * side + columns.end);
  }
  return mask;
}

function fullMask(size: number): Float32Array {
  return new Float32Array((size / LATENT_STRIDE) ** 2).fill(1);
}

function requireSizes({ width, height }: Planes, size: number): void {
  if (width !== height) {
    throw new StudioError(
      "internal",
      `A view is made of a square, not of ${width} x ${height} px.`,
    );
  }
  if (size % LATENT_STRIDE !== 0 || size < SMALLEST_SIZE) {
    throw new StudioError(
      "internal",
      `A view must be a multiple of ${LATENT_STRIDE} px and at least ${SMALLEST_SIZE}, not ${size}.`,
    );
  }
}
