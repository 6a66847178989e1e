/** @file Numbers to and from the entries of a safetensors file, without a detour over float64. */
import { narrowToHalf, widenHalf } from "./half.ts";
import type { SafetensorsEntry } from "./safetensors.ts";

// Typed arrays have the machine's byte order. Whatever runs WebAssembly's typed arrays natively is little-endian,
// as the format is.

/** @param values viewed, not copied */
export function float32Entry(dims: readonly number[], values: Float32Array): SafetensorsEntry {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return { dtype: "float32", dims, bytes };
}

/** @param values rounded to nearest even */
export function float16Entry(dims: readonly number[], values: Float32Array): SafetensorsEntry {
  return { dtype: "float16", dims, bytes: new Uint8Array(narrowToHalf(values).buffer) };
}

/** A copy of a float32 or float16 tensor's values; exact. */
export function float32Values({ dtype, bytes }: SafetensorsEntry): Float32Array {
  // A fresh copy, because the bytes may lie unaligned in their file.
  const { buffer } = new Uint8Array(bytes);
  if (dtype === "float16") return widenHalf(new Uint16Array(buffer));
  if (dtype === "float32") return new Float32Array(buffer);
  throw new RangeError(`a ${dtype} tensor is not read as float32`);
}
