/** @file The seeded numbers that fixtures and goldens are made of, the same in tools/seeded.py: exact on both sides. */
import { narrowToHalf, widenHalf } from "../../src/core/tensor/half.ts";

const encoder = new TextEncoder();

/** A full-avalanche mixer of 32 bits. */
function mix(value: number): number {
  let x = value >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x21f0aaad);
  x ^= x >>> 15;
  x = Math.imul(x, 0x735a2d97);
  x ^= x >>> 15;
  return x >>> 0;
}

/** FNV-1a of the UTF-8 bytes. */
function key(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** A stream of 32-bit hashes, addressed by index. */
function hashes(seed: number, name: string): (index: number) => number {
  const start = key(name) + Math.imul(seed, 0x85ebca6b);
  return (index) => mix(Math.imul(index, 0x9e3779b9) + start);
}

/** Uniform numbers in [0, 1) on a grid of 2^-24. */
export function uniforms(seed: number, name: string): (index: number) => number {
  const hash = hashes(seed, name);
  return (index) => (hash(index) >>> 8) * 2 ** -24;
}

/** Numbers of variance 1 and bounded range: the sum of four uniforms (Irwin-Hall), exact in any language. */
export function normals(seed: number, name: string, count: number): Float32Array {
  const u = uniforms(seed, name);
  const root = Math.sqrt(3);
  return Float32Array.from(
    { length: count },
    (_, i) => (u(4 * i) + u(4 * i + 1) + u(4 * i + 2) + u(4 * i + 3) - 2) * root,
  );
}

const BUCKETS = 1024;

/**
 * Count sketch of a tensor: each element is added, with a random sign, to one of 1024 buckets.
 * ‖sketch(a) - sketch(b)‖ / ‖sketch(b)‖ estimates the relative L2 distance without bias (deviation about 2 %).
 */
export function countSketch(name: string, values: ArrayLike<number>): Float64Array {
  const hash = hashes(1, `sketch:${name}`);
  const sketch = new Float64Array(BUCKETS);
  for (let i = 0; i < values.length; i++) {
    const h = hash(i);
    sketch[h & (BUCKETS - 1)]! += h >>> 31 ? -values[i]! : values[i]!;
  }
  return sketch;
}

/** The same numbers as float16 has them: a kernel that rounds its operands to float16 leaves these as they are. */
export function asHalf(numbers: Float32Array): Float32Array {
  return widenHalf(narrowToHalf(numbers));
}
