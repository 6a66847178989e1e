/** @file What the UNet says of noisy latents at a step: guided by a prompt, with one concept or with several composed. */
import { combine } from "../../core/compose/combine.ts";
import type { Weighting } from "../../core/compose/weighting.ts";
import { guide } from "../../core/diffusion/guidance.ts";
import { joined, partOf } from "../../core/tensor/parts.ts";
import type { UnetSession } from "../model/unet.ts";
import { isOnDevice, type Tensor } from "../tensor.ts";

export interface Predictor {
  /** Prediction [n, 4, H, W] for latents of that shape, scaled as the sampler wants them. */
  predict(latents: Float32Array, timestep: number): Promise<Float32Array>;
  /** Gives keys and values back. */
  dispose(): void;
}

/** One pass with the prompt alone. */
export function plainPredictor(
  unet: UnetSession,
  kv: Tensor,
  queryOut: Float32Array | null,
): Predictor {
  return {
    async predict(latents, timestep) {
      return Float32Array.from((await unet.predict(latents, timestep, kv, queryOut)).data);
    },
    dispose: () => dispose(kv),
  };
}

/** Classifier-free guidance in one pass of twice the batch. @param kv the negative prompt's rows first */
export function guidedPredictor(
  unet: UnetSession,
  kv: Tensor,
  queryOut: Float32Array | null,
  guidance: number,
): Predictor {
  return {
    async predict(latents, timestep) {
      const pair = joined([latents, latents]);
      const { data } = await unet.predict(pair, timestep, kv, queryOut);
      const raw = Float32Array.from(data);
      return guide(partOf(raw, 0, 2), partOf(raw, 1, 2), guidance);
    },
    dispose: () => dispose(kv),
  };
}

/**
 * Concepts that are kept apart: one pass without the prompt and one for each concept, combined for each image.
 * @param kv of the negative prompt by the base model, and of the prompt by each concept
 */
export function composedPredictor(
  unet: UnetSession,
  kv: { readonly negative: Tensor; readonly concepts: readonly Tensor[] },
  { guidance, weighting }: { readonly guidance: number; readonly weighting: Weighting },
  onWeights: (weights: Float64Array) => void = () => undefined,
): Predictor {
  const images = unet.latents[0];
  return {
    async predict(latents, timestep) {
      const pass = async (own: Tensor): Promise<Float32Array> =>
        Float32Array.from((await unet.predict(latents, timestep, own)).data);
      const unconditional = await pass(kv.negative);
      const predictions: Float32Array[] = [];
      for (const own of kv.concepts) predictions.push(await pass(own));
      const combined = Array.from({ length: images }, (_, i) => {
        const own = (all: Float32Array): Float32Array => partOf(all, i, images);
        return combine(own(unconditional), predictions.map(own), guidance, weighting);
      });
      for (const { weights } of combined) if (weights !== null) onWeights(weights);
      return joined(combined.map(({ prediction }) => prediction));
    },
    dispose() {
      dispose(kv.negative);
      kv.concepts.forEach(dispose);
    },
  };
}

function dispose(tensor: Tensor): void {
  if (isOnDevice(tensor)) tensor.dispose();
}
