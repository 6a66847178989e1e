/** @file What each element type does to a number that is converted to it. */
import type { DType } from "../../tensor/dtype.ts";
import { halfToNumber, numberToHalf } from "../../tensor/half.ts";

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** Nearest bfloat16, ties to even. */
function roundToBfloat16(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0]!;
  if (Number.isNaN(value)) return NaN;
  scratchBits[0] = (bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000;
  return scratch[0];
}

/**
 * Float types round to nearest even; integer types truncate towards zero and those of 32 bits and fewer wrap
 * (ONNX leaves out-of-range values open; wrapping is what numpy and C do). 64-bit integers are only truncated:
 * they are exact up to 2^53. Adding 0 turns -0 into 0.
 */
export const CONVERT: Readonly<Record<DType, (value: number) => number>> = {
  float16: (x) => halfToNumber(numberToHalf(x)),
  bfloat16: roundToBfloat16,
  float32: (x) => Math.fround(x),
  float64: (x) => x,
  int8: (x) => (x << 24) >> 24,
  uint8: (x) => x & 0xff,
  int16: (x) => (x << 16) >> 16,
  uint16: (x) => x & 0xffff,
  int32: (x) => x | 0,
  uint32: (x) => x >>> 0,
  int64: (x) => Math.trunc(x) + 0,
  uint64: (x) => Math.trunc(x) + 0,
  bool: (x) => (x === 0 ? 0 : 1),
};
