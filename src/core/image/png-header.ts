/** @file The header of a PNG file: what its pixels are, judged before there is memory for them. */
import { StudioError } from "../errors.ts";
import { damagedPng, type PngChunk, requireIntact } from "./png-chunks.ts";
import { MOST_PIXELS } from "./pixels.ts";

export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly depth: number;
  readonly colour: ColourType;
  readonly interlaced: boolean;
}

/** Grey, RGB, palette, grey and alpha, RGB and alpha. */
export type ColourType = 0 | 2 | 3 | 4 | 6;

export const CHANNELS: Readonly<Record<ColourType, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

const DEPTHS: Readonly<Record<ColourType, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** @throws StudioError "invalid-input" where it is damaged, or says more than 100 million pixels */
export function readHeader(chunk: PngChunk): PngHeader {
  const { data } = chunk;
  requireIntact(chunk);
  if (data.length !== 13) damagedPng();
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const width = view.getUint32(0);
  const height = view.getUint32(4);
  const depth = data[8]!;
  const colour = data[9]!;
  const interlace = data[12]!;
  if (width === 0 || height === 0) damagedPng();
  if (!isColourType(colour) || !DEPTHS[colour].includes(depth) || interlace > 1) damagedPng();
  if (width * height > MOST_PIXELS) {
    throw new StudioError(
      "invalid-input",
      `This PNG file has ${width} x ${height} pixels; pictures may have ${MOST_PIXELS / 1e6} million, make it smaller.`,
    );
  }
  return { width, height, depth, colour, interlaced: interlace === 1 };
}

function isColourType(value: number): value is ColourType {
  return value in CHANNELS;
}
