/** @file One pass of the UNet on seeded latents: what the model makes of a prompt at one timestep. */
import { normal } from "../../core/random/normal.ts";
import { KV_INPUT } from "../../core/surgery/expose-kv.ts";
import { TIME_INPUT } from "../../core/surgery/time-features.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import type { TokenizedPrompt } from "../../core/text/clip-tokenizer.ts";
import type { Model, OnProgress } from "../model/read-model.ts";
import { openTextFeatures } from "../model/text.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
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
  const releases: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    for (const end of releases.splice(0)) await end();
  };
  const step = (part: string): void => onProgress({ stage: "session", part, loaded: 0, total: 0 });
  try {
    step("text_encoder");
    const text = await openTextFeatures(model, runtime);
    releases.push(() => text.release());
    const { projections, tokenizer, rows } = await applyConcept(model, runtime, null, 1);
    releases.push(() => projections.release());
    step("unet");
    const { unet } = model;
    const session = await Session.create(runtime, unet.graph, model.reader("unet"), {
      name: "the UNet",
    });
    releases.push(() => session.release());
    return {
      async predict(prompt, timestep, seed) {
        const tokens = tokenizer.encode(prompt);
        const kv = await projections.projectKv(await text.encode(tokens.ids, rows));
        const time = unet.timeFeatures([timestep]);
        const noise = await session.runOne({
          sample: { dims: unet.latents, data: normal(seed, elementCount(unet.latents)) },
          [TIME_INPUT]: { dims: [1, time.length], data: time },
          [KV_INPUT]: kv,
        });
        if (isOnDevice(kv)) kv.dispose();
        return { noise, tokens };
      },
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}
