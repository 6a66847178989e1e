/** @file IEEE 754 half precision: 16-bit patterns to and from numbers, round to nearest even. */

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);

/** The number that the half-precision pattern `bits` stands for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The half-precision pattern nearest to a float32 `value`, ties to even; values beyond 65504 become infinity. */
export function numberToHalf(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    const subnormal = Math.abs(scratch[0]) * 2 ** 24;
    const floor = Math.floor(subnormal);
    const rest = subnormal - floor;
    return sign | (floor + (rest > 0.5 || (rest === 0.5 && floor & 1) ? 1 : 0));
  }
  const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
  return sign | (rounded >>> 13);
}

/** float32 of every half-precision pattern; filled on first use (65,536 entries, 256 kB). */
let table: Float32Array | undefined;

/** Widen a whole array of half-precision patterns to float32; exact. */
export function widenHalf(half: Uint16Array): Float32Array {
  if (table === undefined) {
    table = new Float32Array(65536);
    for (let bits = 0; bits < 65536; bits++) table[bits] = halfToNumber(bits);
  }
  const out = new Float32Array(half.length);
  for (let i = 0; i < half.length; i++) out[i] = table[half[i]!]!;
  return out;
}

/** Round a whole array to half precision. */
export function narrowToHalf(values: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = numberToHalf(values[i]!);
  return out;
}
