/** @file One pass of the UNet on seeded latents: what the model makes of a prompt at one timestep. */
import { normal } from "../../core/random/normal.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import type { TokenizedPrompt } from "../../core/text/clip-tokenizer.ts";
import type { Model, OnProgress } from "../model/read-model.ts";
import { openTextFeatures } from "../model/text.ts";
import { openUnet } from "../model/unet.ts";
import type { Runtime } from "../ort/runtime.ts";
import { openTogether } from "../releases.ts";
import { type HostTensor, isOnDevice } from "../tensor.ts";
import { applyConcept } from "./apply-concept.ts";

export interface NoisePredictor {
  /** Prediction [1, 4, H, W] for latents that the seed gives. */
  predict(
    prompt: string,
    timestep: number,
    seed: number,
  ): Promise<{ readonly noise: HostTensor; readonly tokens: TokenizedPrompt }>;
  release(): Promise<void>;
}

/** @param onProgress hears of each session before it is made */
export async function openNoisePredictor(
  model: Model,
  runtime: Runtime,
  onProgress: OnProgress,
): Promise<NoisePredictor> {
  const step = (part: string): void => onProgress({ stage: "session", part, loaded: 0, total: 0 });
  return openTogether(async (keep) => {
    step("text_encoder");
    const text = keep(await openTextFeatures(model, runtime));
    const { projections, tokenizer, rows } = await applyConcept(model, runtime, null, 1);
    keep(projections);
    step("unet");
    const unet = keep(await openUnet(model, runtime, 1));
    return {
      async predict(prompt, timestep, seed) {
        const tokens = tokenizer.encode(prompt);
        const kv = await projections.projectKv(await text.encode(tokens.ids, rows));
        try {
          const latents = normal(seed, elementCount(unet.latents));
          return { noise: await unet.predict(latents, timestep, kv), tokens };
        } finally {
          if (isOnDevice(kv)) kv.dispose();
        }
      },
      async release() {
        await unet.release();
        await projections.release();
        await text.release();
      },
    };
  });
}
