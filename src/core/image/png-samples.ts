/** @file The samples of a PNG file, of any colour type and depth, as 8-bit RGB on white. */
import { damagedPng } from "./png-chunks.ts";
import { CHANNELS, type PngHeader } from "./png-header.ts";

/** Row by row; below 8 bits several to a byte, rows beginning with a byte of their own. */
export type Samples = Uint8Array | Uint8ClampedArray | Uint16Array;

export interface PngPicture {
  readonly samples: Samples;
  /** RGB, three bytes an entry. */
  readonly palette: Uint8Array;
  /** As in the tRNS chunk: alpha of the palette's first entries, or the one colour that is transparent. */
  readonly transparency: Uint8Array | null;
}

/** @throws StudioError "invalid-input" where samples are missing or point outside the palette */
export function toRgb(header: PngHeader, picture: PngPicture): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, depth, colour } = header;
  const channels = CHANNELS[colour];
  const samples = depth < 8 ? unpack(header, picture.samples) : picture.samples;
  if (samples.length !== width * height * channels) damagedPng();
  if (colour === 2 && depth === 8 && picture.transparency === null) {
    return new Uint8ClampedArray(samples);
  }
  const rgb = new Uint8ClampedArray(3 * width * height);
  // Storing into a clamped array rounds.
  const scale = 255 / (2 ** depth - 1);
  const clear = clearColour(header, picture.transparency);
  const coloured = colour === 2 || colour === 6;
  for (let i = 0; i < width * height; i++) {
    const at = channels * i;
    const [r, g, b] = coloured
      ? [samples[at]!, samples[at + 1]!, samples[at + 2]!]
      : [samples[at]!, samples[at]!, samples[at]!];
    if (colour === 3) {
      putIndexed(rgb, i, r, picture);
      continue;
    }
    const hasAlpha = colour === 4 || colour === 6;
    const isClear = clear !== null && r === clear[0] && g === clear[1] && b === clear[2];
    const alpha = hasAlpha ? (samples[at + channels - 1]! * scale) / 255 : isClear ? 0 : 1;
    rgb[3 * i] = onWhite(r * scale, alpha);
    rgb[3 * i + 1] = onWhite(g * scale, alpha);
    rgb[3 * i + 2] = onWhite(b * scale, alpha);
  }
  return rgb;
}

function putIndexed(
  rgb: Uint8ClampedArray,
  i: number,
  index: number,
  { palette, transparency }: PngPicture,
): void {
  if (3 * index + 2 >= palette.length) damagedPng();
  const alpha = (transparency?.[index] ?? 255) / 255;
  for (let channel = 0; channel < 3; channel++) {
    rgb[3 * i + channel] = onWhite(palette[3 * index + channel]!, alpha);
  }
}

function onWhite(value: number, alpha: number): number {
  return value * alpha + 255 * (1 - alpha);
}

/** Of grey and RGB pictures: two bytes a channel. */
function clearColour(
  { colour }: PngHeader,
  transparency: Uint8Array | null,
): readonly [number, number, number] | null {
  if (transparency === null || (colour !== 0 && colour !== 2)) return null;
  if (transparency.length !== 2 * CHANNELS[colour]) damagedPng();
  const channel = (i: number): number => 256 * transparency[2 * i]! + transparency[2 * i + 1]!;
  return colour === 0 ? [channel(0), channel(0), channel(0)] : [channel(0), channel(1), channel(2)];
}

/** One byte a sample; only pictures of one channel have fewer than 8 bits. */
function unpack({ width, height, depth }: PngHeader, packed: Samples): Uint8Array {
  const line = Math.ceil((width * depth) / 8);
  if (packed.length !== line * height) damagedPng();
  const samples = new Uint8Array(width * height);
  const mask = 2 ** depth - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      const byte = packed[y * line + (bit >> 3)]!;
      samples[y * width + x] = (byte >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return samples;
}
