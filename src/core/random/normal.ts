/** @file Standard normal numbers from a seed: the same numbers for the same seed wherever the engine runs. */
import { Random } from "./random.ts";

/** `count` independent N(0, 1) numbers in float32: the latents that an image of this seed starts from. */
export function normal(seed: number, count: number): Float32Array {
  return new Random(seed).normal(count);
}
