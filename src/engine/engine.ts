/** @file The engine behind the worker's contract: chooses a backend, opens a model, predicts noise. */
import { StudioError } from "../core/errors.ts";
import { fetchedFiles } from "../hub/fetch-files.ts";
import type {
  BackendPreference,
  BackendReport,
  EngineApi,
  ModelInfo,
  NoisePrediction,
} from "../rpc/contracts.ts";
import { chooseBackend } from "./backend.ts";
import { adapterFacts, requestAdapter, requestDevice } from "./device.ts";
import { readModel } from "./model/read-model.ts";
import { browserRuntime } from "./ort/runtime-browser.ts";
import { Serial } from "./ort/serial.ts";
import { type NoisePredictor, openNoisePredictor } from "./sample/noise-predictor.ts";

/** Models that come with the studio, by id; the folder is public/models/<id>. */
const BUNDLED: Readonly<Record<string, string>> = { "toybox-256": "Toybox 256" };

interface Opened {
  readonly predictor: NoisePredictor;
  readonly device: GPUDevice | null;
}

/**
 * @param modelsBase address of the folder that holds the bundled models, ending in "/"
 */
export function createEngine(
  modelsBase = new URL("../models/", self.location.href).href,
): EngineApi {
  let opened: Opened | null = null;
  // Opening, predicting and closing wait for each other: a model is never closed under a prediction,
  // and of two that are opened in a row none is left behind.
  const calls = new Serial();

  const close = async (): Promise<void> => {
    const last = opened;
    opened = null;
    if (last === null) return;
    await last.predictor.release();
    last.device?.destroy();
  };

  const open = async (
    id: string,
    preference: BackendPreference,
    onProgress: Parameters<EngineApi["openModel"]>[2],
  ): Promise<ModelInfo> => {
    const start = performance.now();
    const name = Object.hasOwn(BUNDLED, id) ? BUNDLED[id] : undefined;
    if (name === undefined) {
      throw new StudioError(
        "model-not-found",
        `There is no model "${id}"; the studio comes with ${Object.keys(BUNDLED).join(", ")}.`,
      );
    }
    await close();
    const { report, adapter } = await survey(preference);
    const device =
      report.chosen === "webgpu" && adapter !== null ? await requestDevice(adapter) : null;
    try {
      const runtime = await browserRuntime(device, report.threads);
      const files = fetchedFiles(new URL(`${id}/`, modelsBase).href);
      const model = await readModel(id, files, onProgress);
      const { unet } = model;
      opened = { predictor: await openNoisePredictor(model, runtime, onProgress), device };
      return {
        id,
        name,
        backend: report,
        bytes: model.bytes,
        unetNodes: { exported: model.exportedNodes, specialised: unet.graph.nodes.length },
        crossAttentionBlocks: unet.blocks,
        kvParameters: unet.kv.textWidth * unet.kv.columns,
        latentShape: unet.latents,
        milliseconds: performance.now() - start,
      };
    } catch (error) {
      device?.destroy();
      throw error;
    }
  };

  return {
    async describeBackend(preference) {
      return (await survey(preference)).report;
    },
    openModel: (id, preference, onProgress) => calls.run(() => open(id, preference, onProgress)),
    predictNoise: (request) =>
      calls.run(() => {
        if (opened === null) throw new StudioError("invalid-input", "Open a model first.");
        return predict(opened.predictor, request);
      }),
    close: () => calls.run(close),
  };
}

async function survey(
  preference: BackendPreference,
): Promise<{ readonly report: BackendReport; readonly adapter: GPUAdapter | null }> {
  const adapter = await requestAdapter();
  const report = chooseBackend(preference, {
    host: "browser",
    adapter: adapter === null ? null : adapterFacts(adapter),
    crossOriginIsolated: self.crossOriginIsolated,
    cores: navigator.hardwareConcurrency,
  });
  return { report, adapter };
}

async function predict(
  predictor: NoisePredictor,
  { prompt, timestep, seed }: Parameters<EngineApi["predictNoise"]>[0],
): Promise<NoisePrediction> {
  if (!Number.isInteger(timestep) || timestep < 0 || timestep > 999) {
    throw new StudioError("invalid-input", "The timestep must be a whole number from 0 to 999.");
  }
  if (!Number.isSafeInteger(seed)) {
    throw new StudioError("invalid-input", "The seed must be a whole number.");
  }
  const start = performance.now();
  const { noise, tokens } = await predictor.predict(prompt, timestep, seed);
  const data = Float32Array.from(noise.data);
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  const variance = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length;
  return {
    shape: noise.dims,
    data,
    milliseconds: performance.now() - start,
    mean,
    standardDeviation: Math.sqrt(variance),
    promptTokens: tokens.kept,
    truncatedText: tokens.cut,
  };
}
