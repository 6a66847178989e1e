/** @file The chunks a PNG file is made of (ISO/IEC 15948), read without trusting a length, and written. */
import { StudioError } from "../errors.ts";

export interface PngChunk {
  /** Four letters. */
  readonly type: string;
  readonly data: Uint8Array;
  /** Checksum as it stands in the file. */
  readonly crc: number;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Length, type and checksum. */
const OVERHEAD = 12;

/** @throws StudioError "invalid-input" */
export function damagedPng(cause?: unknown): never {
  throw new StudioError(
    "invalid-input",
    "This PNG file is damaged or cut off; use another copy of it.",
    { cause },
  );
}

/**
 * The chunks in their order, IHDR first and IEND last; what follows is passed over. Checksums are left to
 * {@link requireIntact}, so that who only looks for a text does not read all pixels.
 *
 * @throws StudioError "invalid-input" where the file is no PNG, damaged or cut off
 */
export function* readChunks(bytes: Uint8Array): Generator<PngChunk, void> {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    throw new StudioError("invalid-input", "This is not a PNG file; choose one.");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = SIGNATURE.length;
  for (;;) {
    if (at + OVERHEAD > bytes.length) damagedPng();
    const length = view.getUint32(at);
    if (length > bytes.length - at - OVERHEAD) damagedPng();
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(type)) damagedPng();
    if ((at === SIGNATURE.length) !== (type === "IHDR")) damagedPng();
    const data = bytes.subarray(at + 8, at + 8 + length);
    yield { type, data, crc: view.getUint32(at + 8 + length) };
    if (type === "IEND") return;
    at += OVERHEAD + length;
  }
}

/** @throws StudioError "invalid-input" where the chunk is not what was written */
export function requireIntact({ type, data, crc }: PngChunk): void {
  if (checksum(type, data) !== crc) damagedPng();
}

/** A PNG file of these chunks. */
export function joinChunks(
  chunks: readonly Pick<PngChunk, "type" | "data">[],
): Uint8Array<ArrayBuffer> {
  const length = chunks.reduce((sum, { data }) => sum + OVERHEAD + data.length, SIGNATURE.length);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set(SIGNATURE);
  let at = SIGNATURE.length;
  for (const { type, data } of chunks) {
    view.setUint32(at, data.length);
    bytes.set(letters(type), at + 4);
    bytes.set(data, at + 8);
    view.setUint32(at + 8 + data.length, checksum(type, data));
    at += OVERHEAD + data.length;
  }
  return bytes;
}

/** CRC-32 of every byte value (ISO 3309). */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function checksum(type: string, data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of letters(type)) crc = TABLE[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
  for (let i = 0; i < data.length; i++) crc = TABLE[(crc ^ data[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

function letters(type: string): number[] {
  return Array.from(type, (letter) => letter.charCodeAt(0));
}
