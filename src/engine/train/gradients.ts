/** @file The training graph as a session: noisy latents and K/V in, losses and the gradients of K/V out. */
import { StudioError } from "../../core/errors.ts";
import { QUERY_OUT_INPUT } from "../../core/surgery/expose-query-out.ts";
import { KV_INPUT } from "../../core/surgery/expose-kv.ts";
import { joined } from "../../core/tensor/parts.ts";
import { TIME_INPUT } from "../../core/surgery/time-features.ts";
import { trainingGraph } from "../../core/surgery/training-graph.ts";
import type { Model } from "../model/read-model.ts";
import { type Runtime, trainingGraphOptions } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import { isOnDevice, type Tensor } from "../tensor.ts";
import type { Sample } from "./draw.ts";

export interface Gradients {
  /** Share of each sample [B] in the step's loss, which is the mean of the samples' masked mean squared errors. */
  readonly shares: Tensor;
  /** Gradient of the step's loss for K/V [B, L, S], times the loss scale. */
  readonly kv: Tensor;
  /** The same for the flat query and output projections [N], in the face mode. */
  readonly queryOut: Tensor | null;
}

export interface GradientSession {
  /**
   * @param samples exactly the micro-batch B
   * @param batch images of the whole step, whose mean loss is differentiated
   */
  run(
    samples: readonly Sample[],
    batch: number,
    inputs: { readonly kv: Tensor; readonly queryOut: Tensor | null; readonly lossScale: number },
  ): Promise<Gradients>;
  /** Compiles it for the GPU. */
  warmUp(): Promise<void>;
  release(): Promise<void>;
}

export async function openGradients(
  model: Model,
  runtime: Runtime,
  {
    microBatch,
    queryOut,
    launched,
  }: {
    readonly microBatch: number;
    readonly queryOut: boolean;
    /** Losses stay on the GPU, too. */
    readonly launched: boolean;
  },
): Promise<GradientSession> {
  const unet = model.unetOf(microBatch, queryOut);
  const training = trainingGraph(unet, trainingGraphOptions(runtime));
  const outputOf = (input: string): string => training.gradients.get(input) ?? "";
  const kvOutput = outputOf(KV_INPUT);
  const queryOutOutput = outputOf(QUERY_OUT_INPUT);
  const session = await Session.create(runtime, training.graph, model.reader("unet"), {
    name: "the training graph",
    onDevice: [
      training.prediction,
      kvOutput,
      ...(queryOut ? [queryOutOutput] : []),
      ...(launched ? [training.loss] : []),
    ],
    repeated: true,
  });
  const [, channels, height, width] = unet.latents;
  return {
    async run(samples, batch, inputs) {
      const time = unet.timeFeatures(samples.map(({ timestep }) => timestep));
      const results = await session.runOnDevice({
        sample: { dims: unet.latents, data: joined(samples.map(({ latents }) => latents)) },
        [TIME_INPUT]: { dims: [microBatch, time.length / microBatch], data: time },
        [KV_INPUT]: inputs.kv,
        target: { dims: unet.latents, data: joined(samples.map(({ target }) => target)) },
        loss_weight: {
          dims: [microBatch, 1, height, width],
          data: joined(samples.map(({ mask }) => lossWeight(mask, channels, batch))),
        },
        loss_scale: { dims: [], data: Float32Array.of(inputs.lossScale) },
        ...(inputs.queryOut === null ? {} : { [QUERY_OUT_INPUT]: inputs.queryOut }),
      });
      const take = (name: string): Tensor => {
        const tensor = results[name];
        if (tensor !== undefined) return tensor;
        throw new StudioError("internal", `The training graph gave no "${name}".`);
      };
      // Of no use here; left on the GPU, it is not waited for.
      const prediction = take(training.prediction);
      if (isOnDevice(prediction)) prediction.dispose();
      return {
        shares: take(training.loss),
        kv: take(kvOutput),
        queryOut: queryOut ? take(queryOutOutput) : null,
      };
    },
    warmUp: () => session.warmUp(),
    release: () => session.release(),
  };
}

/** mask / (C · Σ mask · B): a sample's masked mean squared error as its share of the batch's mean. */
function lossWeight(mask: Float32Array, channels: number, batch: number): Float32Array {
  const inside = mask.reduce((sum, x) => sum + x, 0);
  return mask.map((x) => x / (channels * inside * batch));
}
