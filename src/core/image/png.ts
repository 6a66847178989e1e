/** @file Pictures as PNG files and back, with texts in them. */
import { decode, encode } from "fast-png";
import { StudioError } from "../errors.ts";
import type { Pixels } from "./pixels.ts";
import { damagedPng, joinChunks, type PngChunk, readChunks, requireIntact } from "./png-chunks.ts";
import { CHANNELS, type PngHeader, readHeader } from "./png-header.ts";
import { readTextChunk, textChunk } from "./png-text.ts";
import { type Samples, toRgb } from "./png-samples.ts";

/**
 * 8-bit RGB, lossless.
 *
 * @param text by keyword (1 to 79 Latin-1 characters); any text
 */
export function encodePng(
  { width, height, data }: Pixels,
  text: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const png = encode({ width, height, data, depth: 8, channels: 3 });
  const [header, ...rest] = readChunks(png);
  if (header === undefined) damagedPng();
  // Before the pixels, where readers that stop at them still see it; fast-png would put it behind.
  const texts = Object.entries(text).map(([keyword, value]) => textChunk(keyword, value));
  return joinChunks([header, ...texts, ...rest]);
}

/**
 * Any PNG as 8-bit RGB: grey, palette and 16 bits converted, transparency on white, an animation's first picture. Colour
 * profiles are not applied, compressed texts not read.
 *
 * @throws StudioError "invalid-input" where it is no PNG, damaged, or of more than 100 million pixels
 */
export function decodePng(bytes: Uint8Array): { pixels: Pixels; text: Record<string, string> } {
  const texts = new Map<string, string>();
  const needed: PngChunk[] = [];
  let header: PngHeader | undefined;
  let palette = new Uint8Array();
  let transparency: Uint8Array | null = null;
  for (const chunk of readChunks(bytes)) {
    const found = readTextChunk(chunk);
    if (found !== null && !texts.has(found.keyword)) texts.set(found.keyword, found.text);
    if (!["IHDR", "PLTE", "tRNS", "IDAT"].includes(chunk.type)) continue;
    requireIntact(chunk);
    if (chunk.type === "IHDR") header = readHeader(chunk);
    if (chunk.type === "PLTE") palette = chunk.data.slice();
    if (chunk.type === "tRNS") transparency = chunk.data;
    if (chunk.type === "IHDR" || chunk.type === "IDAT") needed.push(chunk);
  }
  if (header === undefined) damagedPng();
  const samples = inflate(header, needed);
  const { width, height } = header;
  const data = toRgb(header, { samples, palette, transparency });
  return { pixels: { width, height, data }, text: Object.fromEntries(texts) };
}

/** fast-png is given no more of the file than it needs to undo compression, filters and interlacing. */
function inflate(header: PngHeader, chunks: readonly PngChunk[]): Samples {
  const { width, height, depth, colour, interlaced } = header;
  if (interlaced && depth < 8) {
    throw new StudioError(
      "invalid-input",
      `This PNG file is interlaced with ${depth} bits a sample, which cannot be read here; save it without interlacing.`,
    );
  }
  // Deflate shrinks a thousandfold at most. Too little for the picture is not worth the memory for one, and of more than
  // the picture plain, gigabytes could come.
  const line = Math.ceil((width * depth * CHANNELS[colour]) / 8) + 1;
  const packed = chunks.reduce((sum, { data }) => sum + data.length, 0);
  const plain = line * height;
  if (packed < plain / 1100 || packed > 1.1 * plain + 65_536) damagedPng();
  try {
    const { data } = decode(joinChunks([...chunks, { type: "IEND", data: new Uint8Array() }]));
    return data;
  } catch (cause) {
    return damagedPng(cause);
  }
}
