/** @file LEB128, the variable-length integers of WebAssembly's binary format (core specification 5.2.2). */
import { StudioError } from "../errors.ts";

/** The unsigned integer at `at`, and where the bytes after it begin. */
export function readLeb(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let next = at; next < bytes.length && next < at + 5;) {
    const byte = bytes[next++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, next];
    scale *= 128;
  }
  throw new StudioError("backend-unavailable", "A WebAssembly file is cut short; reload the page.");
}

/** The shortest form of an unsigned integer below 2^32. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}
