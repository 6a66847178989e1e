/** @file Classifier-free guidance: a prediction pushed away from what the UNet says without the prompt. */
import { mix } from "./mix.ts";

/**
 * unconditional + scale · (conditional - unconditional), arrays of one length (arXiv 2207.12598; `scale` is w + 1 of
 * its equation 6, as in diffusers). Scale 1 is the conditional prediction itself.
 */
export function guide(
  unconditional: Float32Array,
  conditional: Float32Array,
  scale: number,
): Float32Array {
  return mix([1 - scale, unconditional], [scale, conditional]);
}
