/** @file A model's Gram of its own captions as a file beside them, so that the first merge need not read them all. */
import type { RegularisationGram } from "../../core/merge/gram.ts";
import { readSafetensors, type SafetensorsEntry } from "../../core/tensor/safetensors.ts";
import { writeSafetensors } from "../../core/tensor/safetensors-write.ts";
import { sha256 } from "../../hub/sha256.ts";

const FORMAT = "custom-diffusion-studio.gram";
const TENSOR = "lower";

/** Names a list of captions. */
export function captionsDigest(captions: readonly string[]): Promise<string> {
  return sha256(new TextEncoder().encode(captions.join("\n")));
}

/** The lower triangle of G, row by row, in float64. @param captions digest of the list it is of */
export function encodeGram(
  { width, rows, lower }: RegularisationGram,
  captions: string,
): Uint8Array<ArrayBuffer> {
  const packed = new Float64Array((width * (width + 1)) / 2);
  for (let i = 0, at = 0; i < width; at += ++i) {
    packed.set(lower.subarray(i * width, i * width + i + 1), at);
  }
  const entry: SafetensorsEntry = {
    dtype: "float64",
    dims: [packed.length],
    bytes: new Uint8Array(packed.buffer),
  };
  const metadata = { format: FORMAT, version: "1", captions, rows: String(rows) };
  return writeSafetensors(new Map([[TENSOR, entry]]), new Map(Object.entries(metadata)));
}

/** Null where it is none, of another width, or of other captions: then it is to be computed. */
export function decodeGram(
  bytes: Uint8Array,
  width: number,
  captions: string,
): RegularisationGram | null {
  let file;
  try {
    file = readSafetensors(bytes);
  } catch {
    return null;
  }
  const { metadata, tensors } = file;
  const entry = tensors.get(TENSOR);
  const rows = Number(metadata.get("rows"));
  if (
    metadata.get("format") !== FORMAT ||
    metadata.get("version") !== "1" ||
    metadata.get("captions") !== captions ||
    !Number.isInteger(rows) ||
    rows < 1 ||
    entry?.dtype !== "float64" ||
    entry.dims.length !== 1 ||
    entry.dims[0] !== (width * (width + 1)) / 2
  ) {
    return null;
  }
  // A copy, since what was read may not be aligned; Node's Buffer has a slice() that makes none.
  const packed = new Float64Array(new Uint8Array(entry.bytes).buffer);
  if (!packed.every(Number.isFinite)) return null;
  const lower = new Float64Array(width * width);
  for (let i = 0, at = 0; i < width; at += ++i) {
    lower.set(packed.subarray(at, at + i + 1), i * width);
  }
  return { width, rows, lower };
}
