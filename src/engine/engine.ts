/** @file The engine behind the worker's contract: chooses a backend, opens a model, predicts noise. */
import { StudioError } from "../core/errors.ts";
import { fetchedFiles } from "../hub/fetch-files.ts";
import type { BackendPreference, BackendReport, EngineApi, ModelInfo } from "../rpc/contracts.ts";
import { chooseBackend } from "./backend.ts";
import { adapterFacts, requestAdapter, requestDevice } from "./device.ts";
import { pictureSize, readModel } from "./model/read-model.ts";
import { browserRuntime } from "./ort/runtime-browser.ts";
import { Serial } from "./ort/serial.ts";
import { Pipeline } from "./sample/pipeline.ts";

/** Models that come with the studio, by id; the folder is public/models/<id>. */
const BUNDLED: Readonly<Record<string, string>> = { "toybox-256": "Toybox 256" };

interface Opened {
  readonly pipeline: Pipeline;
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
    await last.pipeline.release();
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
      opened = { pipeline: await Pipeline.open(model, runtime), device };
      return {
        id,
        name,
        fingerprint: model.fingerprint,
        pictureSize: pictureSize(model),
        textWidth: model.config.textWidth,
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
    generate: notYet,
    train: notYet,
    stop: notYet,
    checkpoint: notYet,
    estimate: notYet,
    describeCategory: notYet,
    countTokens: notYet,
    importConcept: notYet,
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

function notYet(): Promise<never> {
  return Promise.reject(new StudioError("internal", "Not built yet."));
}
