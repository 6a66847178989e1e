/** @file What is measured on the default model, as the studio does it, and what PyTorch is asked to do beside it. */
import { fileURLToPath } from "node:url";
import type { Optimisations } from "../src/core/optimisations.ts";
import { normal } from "../src/core/random/normal.ts";
import { elementCount } from "../src/core/tensor/shape.ts";
import { type Model, readModel } from "../src/engine/model/read-model.ts";
import { openVaeDecoder } from "../src/engine/model/vae.ts";
import type { Runtime } from "../src/engine/ort/runtime.ts";
import { Session } from "../src/engine/ort/session.ts";
import { Pipeline } from "../src/engine/sample/pipeline.ts";
import type { GenerateRequest } from "../src/core/diffusion/generate-request.ts";
import type { HostTensor } from "../src/engine/tensor.ts";
import type { Sample } from "../src/engine/train/draw.ts";
import { defaultSettings } from "../src/core/train/settings.ts";
import { Trainer } from "../src/engine/train/trainer.ts";
import { folderFiles } from "../src/hub/folder-files.ts";

/** One line to the PyTorch peer; torch_peer.py says what it does then. */
export type TorchRequest =
  | { readonly work: "forward" | "training_step"; readonly batch: number }
  | { readonly work: "image"; readonly steps: number; readonly guidance: number }
  | { readonly work: "decode" };

export interface Work {
  readonly name: string;
  readonly request: TorchRequest;
  /** Makes the sessions. */
  open(model: Model, runtime: Runtime): Promise<Opened>;
}

export interface Opened {
  /** Does the work once; results are back in ordinary memory when it ends. */
  run(): Promise<unknown>;
  release(): Promise<void>;
}

export const MODEL = fileURLToPath(new URL("../public/models/toybox-256", import.meta.url));

export function openModel(optimisations: Optimisations): Promise<Model> {
  return readModel("toybox-256", folderFiles(MODEL), undefined, optimisations);
}

/** All rows; the image takes so many denoising steps. */
export function allWork(imageSteps: number): readonly Work[] {
  return [forward(4), trainingStep(2), trainingStep(4), image(imageSteps), DECODE];
}

/** The UNet alone: K/V go in as they are, where PyTorch projects the text in every pass. */
function forward(batch: number): Work {
  return {
    name: `forward, batch ${batch}`,
    request: { work: "forward", batch },
    async open(model, runtime) {
      const { graph } = model.unetOf(batch);
      const name = "the UNet";
      const session = await Session.create(runtime, graph, model.reader("unet"), { name });
      const feeds: Record<string, HostTensor> = {};
      graph.inputs.forEach(({ name: input, dims }, i) => {
        const sizes = dims.map(Number);
        feeds[input] = { dims: sizes, data: normal(i + 1, elementCount(sizes)) };
      });
      return { run: () => session.run(feeds), release: () => session.release() };
    },
  };
}

/** A whole step: text features, K/V, gradients, AdamW. */
function trainingStep(batch: number): Work {
  return {
    name: `training step, batch ${batch}`,
    request: { work: "training_step", batch },
    async open(model, runtime) {
      const { trainer, samples } = await openTraining(model, runtime, batch);
      return { run: () => trainer.trainOn(samples), release: () => trainer.release() };
    },
  };
}

/** A trainer of the default settings but for the batch, and the samples of a step. */
export async function openTraining(model: Model, runtime: Runtime, batch: number) {
  const settings = { ...defaultSettings(model.config.textWidth), batch, microBatch: batch };
  const tokens = [{ token: "<new1>", category: "bear" }];
  const trainer = await Trainer.open(model, runtime, settings, tokens);
  const samples = Array.from({ length: batch }, (_, i) => sample(model, i, batch / 2));
  return { trainer, samples };
}

/** Captions of targets differ, or one pass of the text encoder would do for all of them. */
const TARGET_CAPTIONS = ["photo of a <new1> bear", "zoomed in photo of a <new1> bear"] as const;

/** Sample i of a batch whose first `targets` are target images. */
function sample(model: Model, i: number, targets: number): Sample {
  const { sampleSize, scheduler } = model.config;
  const size = sampleSize * sampleSize;
  const kind = i < targets ? "target" : "regularisation";
  return {
    kind,
    caption: (kind === "target" ? TARGET_CAPTIONS[i] : undefined) ?? "photo of a bear",
    timestep: Math.floor(((i + 0.5) / (2 * targets)) * scheduler.numTrainTimesteps),
    latents: normal(2 * i + 1, 4 * size),
    target: normal(2 * i + 2, 4 * size),
    mask: new Float32Array(size).fill(1),
  };
}

/** From the prompt to the picture: text features, K/V, guided DDIM, decoder. */
function image(steps: number): Work {
  const guidance = 4.5;
  const request: GenerateRequest = {
    prompt: "photo of a bear in the snow",
    negativePrompt: "",
    sampler: "ddim",
    steps,
    guidance,
    eta: 0,
    seeds: [1],
    batch: 1,
  };
  return {
    name: `one image, ${steps} steps`,
    request: { work: "image", steps, guidance },
    async open(model, runtime) {
      const pipeline = await Pipeline.open(model, runtime);
      return { run: () => pipeline.generate(request), release: () => pipeline.release() };
    },
  };
}

const DECODE: Work = {
  name: "VAE decode",
  request: { work: "decode" },
  async open(model, runtime) {
    const decoder = await openVaeDecoder(model, runtime);
    const latents = normal(1, elementCount(model.unet.latents));
    return { run: () => decoder.decode(latents), release: () => decoder.release() };
  },
};
