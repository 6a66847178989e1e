/** @file The engine behind the worker's contract: chooses a backend, opens a model, and does one job after the other. */
import { StudioError } from "../core/errors.ts";
import { prospects } from "../core/plan/painting.ts";
import { FLAGGED, type Optimisation, optimisationsWithout } from "../core/optimisations.ts";
import { checkCategory, knowsCategory, PromptTokenizer } from "../core/text/modifier-tokens.ts";
import type { BackendPreference, BackendReport, EngineApi, ModelInfo } from "../rpc/contracts.ts";
import { chooseBackend } from "./backend.ts";
import { adapterFacts, requestAdapter, requestDevice } from "./device.ts";
import { findModel } from "./find-model.ts";
import { attentionMaps } from "./jobs/attention-maps.ts";
import { compressStored, storedChoices } from "./jobs/compress-stored.ts";
import { estimate } from "./jobs/estimate.ts";
import { exportStored } from "./jobs/export-stored.ts";
import { generateImages } from "./jobs/generate-images.ts";
import { checkForeign, importForeign } from "./jobs/import-foreign.ts";
import { inspectFile } from "./jobs/inspect-file.ts";
import { Jobs } from "./jobs/jobs.ts";
import { OpenModel } from "./jobs/open-model.ts";
import { mergeStored } from "./jobs/merge-stored.ts";
import { storeImported } from "./jobs/store-concept.ts";
import { trainRun } from "./jobs/train-run.ts";
import { adapterLimits } from "./plan/plan-run.ts";
import { pictureSize, startReading } from "./model/read-model.ts";
import { paintingRuntime, refuseTooLarge } from "./plan/painting-runtime.ts";
import { browserRuntime } from "./ort/runtime-browser.ts";
import { Serial } from "./ort/serial.ts";
import { Pipeline } from "./sample/pipeline.ts";

/**
 * @param modelsBase address of the folder that holds the bundled models, ending in "/"
 */
export function createEngine(
  modelsBase = new URL("../models/", self.location.href).href,
): EngineApi {
  let opened: OpenModel | null = null;
  // Opening, jobs and closing wait for each other: a model is never closed under a job, and of two that are
  // opened in a row none is left behind.
  const calls = new Serial();
  const jobs = new Jobs();

  const everyday = (): Promise<string> => everydayCaptions(modelsBase);
  const model = (): OpenModel => {
    if (opened !== null) return opened;
    throw new StudioError("invalid-input", "No model is open; open one on the page Models.");
  };

  const close = async (): Promise<void> => {
    const last = opened;
    opened = null;
    await last?.release();
  };

  const open = async (
    id: string,
    preference: BackendPreference,
    onProgress: Parameters<EngineApi["openModel"]>[2],
    without: readonly Optimisation[],
  ): Promise<ModelInfo> => {
    const start = performance.now();
    const { name, files } = await findModel(id, modelsBase);
    await close();
    const { report, adapter } = await survey(preference);
    const device =
      report.chosen === "webgpu" && adapter !== null ? await requestDevice(adapter) : null;
    try {
      const optimisations = optimisationsWithout(without.join());
      const reading = startReading(id, files, onProgress, optimisations);
      const started = browserRuntime(device, report.threads, optimisations);
      const starting = Promise.all([started, reading.basis]).then(([runtime, { config }]) =>
        paintingRuntime(runtime, config.textWidth),
      );
      starting.catch(() => undefined);
      reachedAfter(starting, "runtime");
      reachedAfter(reading.model, "model");
      const pipeline = await Pipeline.openWhileReading(reading, starting);
      reached("text and vae");
      const [runtime, read] = await Promise.all([starting, reading.model]);
      refuseTooLarge(read, runtime);
      opened = new OpenModel(read, runtime, report, pipeline);
      reading.report.stage("session", "unet");
      await pipeline.prepare();
      await pipeline.warmUp((loaded) =>
        onProgress({ stage: "compile", part: "unet", loaded, total: 0 }),
      );
      reached("open");
      const { unet } = read;
      return {
        id,
        name,
        fingerprint: read.fingerprint,
        pictureSize: pictureSize(read),
        textWidth: read.config.textWidth,
        backend: report,
        without,
        bytes: read.bytes,
        unetNodes: { exported: read.exportedNodes, specialised: unet.graph.nodes.length },
        crossAttentionBlocks: unet.blocks,
        kvParameters: unet.kv.textWidth * unet.kv.columns,
        latentShape: unet.latents,
        milliseconds: performance.now() - start,
      };
    } catch (error) {
      if (opened === null) device?.destroy();
      else await close();
      throw error;
    }
  };

  return {
    async describeBackend(preference) {
      return (await survey(preference)).report;
    },
    async prospects(size, memory) {
      const { report, adapter } = await survey("auto");
      const real = report.chosen === "webgpu" ? adapter : null;
      return prospects(size, adapterLimits(real, memory));
    },
    openModel: (id, preference, onProgress, without = [...FLAGGED]) =>
      calls.run(() => open(id, preference, onProgress, without)),
    generate: (job, onEvent) =>
      jobs.run(job.job, ({ signal }) =>
        calls.run(() => generateImages(model(), job, onEvent, { signal, everyday })),
      ),
    attention: (job, onProgress) =>
      jobs.run(job.job, ({ signal }) =>
        calls.run(() => attentionMaps(model(), job, onProgress, { signal, everyday })),
      ),
    merge: (job, onProgress) =>
      jobs.run(job.job, ({ signal }) =>
        calls.run(() => mergeStored(model(), job, everyday, { onProgress, signal })),
      ),
    train: (runId, memory, onEvent) =>
      jobs.run(runId, (controls) =>
        calls.run(() => trainRun(model(), { runId, memory }, onEvent, controls)),
      ),
    breakdown: () => Promise.resolve(opened?.runtime.timings.look() ?? null),
    stop(job) {
      jobs.stop(job);
      return Promise.resolve();
    },
    checkpoint(runId) {
      jobs.askForCheckpoint(runId);
      return Promise.resolve();
    },
    // Arithmetic on the CPU waits for no picture or run: it lets them go on between two layers.
    compressionChoices: (job, onProgress) =>
      jobs.run(job.job, ({ signal }) => storedChoices(model(), job, { onProgress, signal })),
    compress: (job, onProgress) =>
      jobs.run(job.job, ({ signal }) => compressStored(model(), job, { onProgress, signal })),
    exportConcept: (job, onProgress) =>
      jobs.run(job.job, ({ signal }) => exportStored(model(), job, { onProgress, signal })),
    inspectFile: (file) => inspectFile(opened, file),
    checkForeign: async (files) => checkForeign(model(), files),
    importForeign: async (request) => importForeign(model(), request),
    estimate: (request, memory) =>
      estimate(model(), { ...request, memory }, (task) => calls.run(task)),
    describeCategory(category) {
      const { tokenizer } = model().model;
      checkCategory(tokenizer, category);
      return Promise.resolve({
        tokens: tokenizer.idsOf(category).length,
        known: knowsCategory(tokenizer, category),
      });
    },
    countTokens(prompt, modifierTokens) {
      const { tokenizer, vocabularySize } = model().model;
      const { kept, cut } = new PromptTokenizer(tokenizer, vocabularySize, modifierTokens).encode(
        prompt,
      );
      return Promise.resolve({ kept, cut });
    },
    importConcept: (file, name, thumbnails) => storeImported(opened, file, name, thumbnails),
    close: () => calls.run(close),
  };
}

/** A mark on this worker's timeline, which developer tools show and bench/start-up.ts reads. */
function reached(milestone: string): void {
  performance.mark(`studio: ${milestone}`);
}

function reachedAfter(work: Promise<unknown>, milestone: string): void {
  work.then(
    () => reached(milestone),
    () => undefined,
  );
}

/** Regularisation captions of merges, for models that bring none of their own. */
async function everydayCaptions(modelsBase: string): Promise<string> {
  const response = await fetch(new URL("../captions/everyday.txt", modelsBase)).catch(() => null);
  if (response?.ok === true) return response.text();
  throw new StudioError(
    "download-failed",
    "The captions that merges are kept true to could not be fetched; check the connection and try again.",
  );
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
