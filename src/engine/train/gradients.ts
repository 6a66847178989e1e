/** @file The training graph as a session: noisy latents and K/V in, losses and the gradients of K/V out. */
import { StudioError } from "../../core/errors.ts";
import { QUERY_OUT_INPUT } from "../../core/surgery/expose-query-out.ts";
import { KV_INPUT } from "../../core/surgery/expose-kv.ts";
import { trainingGraph } from "../../core/surgery/training-graph.ts";
import type { Model } from "../model/read-model.ts";
import { type Runtime, trainingGraphOptions } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import { type DeviceTensor, isOnDevice, type Tensor } from "../tensor.ts";
import type { Sample } from "./draw.ts";
import { sampleFeeds } from "./sample-feeds.ts";

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
    inputs: {
      readonly kv: Tensor;
      readonly queryOut: Tensor | null;
      /** A number, or where the GPU keeps it. */
      readonly lossScale: number | DeviceTensor;
    },
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
    // onnxruntime would take what is computed again for what is there, and its order is the one that memory is reckoned by.
    ...(runtime.segments > 1 && { optimisation: "disabled" }),
  });
  return {
    async run(samples, batch, inputs) {
      const results = await session.runOnDevice({
        ...sampleFeeds(unet, samples, { batch, lossScale: inputs.lossScale }),
        [KV_INPUT]: inputs.kv,
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
