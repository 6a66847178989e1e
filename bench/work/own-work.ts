/** @file The work as the studio does it, on any runtime, in Node and in a browser alike. */
import type { GenerateRequest } from "../../src/core/diffusion/generate-request.ts";
import { defaultSettings } from "../../src/core/train/settings.ts";
import { normal } from "../../src/core/random/normal.ts";
import { elementCount } from "../../src/core/tensor/shape.ts";
import { type Model, readModel } from "../../src/engine/model/read-model.ts";
import { openVaeDecoder } from "../../src/engine/model/vae.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import { Session } from "../../src/engine/ort/session.ts";
import { Pipeline } from "../../src/engine/sample/pipeline.ts";
import { Trainer } from "../../src/engine/train/trainer.ts";
import type { ModelFiles } from "../../src/hub/model-files.ts";
import { someFeeds } from "../some-feeds.ts";
import { mergeWork } from "./merge-work.ts";
import { CATEGORIES, trainingSamples } from "./samples.ts";
import { sizedFiles } from "./sized-files.ts";
import type { WorkSpec } from "./spec.ts";

export interface Host {
  readonly runtime: Runtime;
  /** The default model's. */
  readonly files: ModelFiles;
}

export interface OpenedWork {
  /** Does the work once; results are back in ordinary memory when it ends. */
  run(): Promise<unknown>;
  release(): Promise<void>;
}

/** Makes what the work needs before its time is taken. */
export async function openWork(spec: WorkSpec, host: Host): Promise<OpenedWork> {
  const { runtime, files } = host;
  if (spec.work === "open") {
    return { run: () => openOnce(host), release: () => Promise.resolve() };
  }
  const size = "size" in spec ? spec.size : undefined;
  const model = await read(host, size === undefined ? files : sizedFiles(files, size));
  switch (spec.work) {
    case "forward":
      return forward(model, runtime, spec.batch);
    case "training_step":
      return trainingStep(model, runtime, spec.batch, spec.concepts ?? 1);
    case "image":
      return image(model, runtime, spec);
    case "decode": {
      const decoder = await openVaeDecoder(model, runtime);
      const latents = normal(1, elementCount(model.unet.latents));
      return { run: () => decoder.decode(latents), release: () => decoder.release() };
    }
    case "merge":
      return mergeWork(model, runtime, spec.concepts);
  }
}

function read({ runtime }: Host, files: ModelFiles): Promise<Model> {
  return readModel("toybox-256", files, undefined, runtime.optimisations);
}

/** What stands between choosing a model and its first step; onnxruntime itself is there. */
async function openOnce(host: Host): Promise<void> {
  const pipeline = await Pipeline.open(await read(host, host.files), host.runtime);
  await pipeline.prepare();
  await pipeline.release();
}

/** The UNet alone: K/V go in as they are, where PyTorch projects the text in every pass. */
async function forward(model: Model, runtime: Runtime, batch: number): Promise<OpenedWork> {
  const { graph } = model.unetOf(batch);
  const name = "the UNet";
  const session = await Session.create(runtime, graph, model.reader("unet"), { name });
  const feeds = someFeeds(graph);
  return { run: () => session.run(feeds), release: () => session.release() };
}

/** A whole step: text features, K/V, gradients, AdamW. */
async function trainingStep(
  model: Model,
  runtime: Runtime,
  batch: number,
  concepts: number,
): Promise<OpenedWork> {
  const settings = { ...defaultSettings(model.config.textWidth), batch, microBatch: batch };
  const tokens = CATEGORIES.slice(0, concepts).map((category, i) => ({
    token: `<new${i + 1}>`,
    category,
  }));
  const trainer = await Trainer.open(model, runtime, settings, tokens);
  const samples = trainingSamples(model, batch, concepts);
  return { run: () => trainer.trainOn(samples), release: () => trainer.release() };
}

/** From the prompt to the picture: text features, K/V, guided DDIM, decoder. */
async function image(
  model: Model,
  runtime: Runtime,
  { steps, guidance }: { readonly steps: number; readonly guidance: number },
): Promise<OpenedWork> {
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
  const pipeline = await Pipeline.open(model, runtime);
  return { run: () => pipeline.generate(request), release: () => pipeline.release() };
}
