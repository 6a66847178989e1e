/** @file A stream of random numbers named by a seed and a path: the same stream wherever and whenever it is asked for. */
import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";

/**
 * Streams of different paths are independent, so that whoever needs numbers for "step 17" takes them without having
 * drawn those of steps 0 to 16: what makes a resumed training run equal a straight one.
 */
export class Random {
  private readonly generator;

  constructor(seed: number, ...path: readonly (number | string)[]) {
    const name = JSON.stringify([seed, ...path]);
    this.generator = xoroshiro128plusFromState([0, 1, 2, 3].map((word) => hash(name, word)));
  }

  /** In [0, 1). */
  uniform(): number {
    return uniformFloat64(this.generator);
  }

  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.integer(0, items.length - 1)]!;
  }

  /** `count` numbers of the standard normal distribution, by the Box-Muller transform, in float32. */
  normal(count: number): Float32Array {
    const out = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      // 1 - u lies in (0, 1], so that the logarithm is finite.
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      out[i] = radius * Math.cos(angle);
      if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
    }
    return out;
  }
}

/** 32 bits of a text: FNV-1a over its UTF-16 units, then a full-avalanche mixer. */
function hash(text: string, word: number): number {
  let x = Math.imul(0x811c9dc5 ^ word, 0x01000193);
  for (let i = 0; i < text.length; i++) x = Math.imul(x ^ text.charCodeAt(i), 0x01000193);
  x ^= x >>> 16;
  x = Math.imul(x, 0x21f0aaad);
  x ^= x >>> 15;
  x = Math.imul(x, 0x735a2d97);
  return x ^ (x >>> 15);
}
