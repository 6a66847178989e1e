/** @file Small pictures in a concept file's metadata: for people who look what is inside, ignored by whatever loads it. */
import { bytesFromBase64, bytesToBase64 } from "../tensor/base64.ts";
import { readSafetensors } from "../tensor/safetensors.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";

/** The metadata's entry: a JSON list of PNG files in base64. */
const KEY = "thumbnails";

const MOST = 8;
/** Bytes of one; a PNG of 128 pixels a side has about 30 kB. */
const LARGEST = 200_000;

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;

/**
 * The same concept with these pictures in place of any it had; none takes them out, and leaves the file as training
 * wrote it.
 * @throws StudioError "model-corrupt" where it is no whole safetensors file
 */
export function withThumbnails(
  file: Uint8Array,
  pngs: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const { metadata, tensors } = readSafetensors(file);
  const changed = new Map(metadata);
  changed.delete(KEY);
  const kept = pngs.filter(isSmallPng).slice(0, MOST);
  if (kept.length > 0) changed.set(KEY, JSON.stringify(kept.map(bytesToBase64)));
  return writeSafetensors(tensors, changed);
}

/**
 * PNG files; whatever is none is left out, since a concept is none the worse without.
 * @throws StudioError "model-corrupt" where it is no whole safetensors file
 */
export function readThumbnails(file: Uint8Array): Uint8Array<ArrayBuffer>[] {
  const text = readSafetensors(file).metadata.get(KEY);
  if (text === undefined) return [];
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return [];
    return list
      .slice(0, MOST)
      .filter((entry) => typeof entry === "string")
      .map(bytesFromBase64)
      .filter(isSmallPng);
  } catch {
    return [];
  }
}

function isSmallPng(bytes: Uint8Array): boolean {
  return bytes.length <= LARGEST && PNG_SIGNATURE.every((byte, i) => bytes[i] === byte);
}
