/** @file The page's end of the engine: the worker, its calls, and an answer even when the worker dies. */
import { proxy, releaseProxy, wrap, type Endpoint } from "comlink";
import type { StudioError } from "../core/errors.ts";
import type { EngineApi, InspectedFile, TrainOutcome } from "./contracts.ts";
import { installErrorTransfer } from "./transfer.ts";
import { workerDeath } from "./worker-death.ts";

installErrorTransfer();

export interface EngineClient extends EngineApi {
  /** Resolves, with why, once the worker is dead without having been asked to end. */
  readonly death: Promise<StudioError>;
  /** Ends the worker at once, and with it everything it holds on the GPU. */
  terminate(): void;
}

/** Starts the engine in a worker of its own. */
export function startEngine(): EngineClient {
  const worker = new Worker(new URL("../../workers/engine.worker.ts", import.meta.url), {
    type: "module",
    name: "engine",
  });
  const ended = new AbortController();
  return connectEngine(worker, workerDeath(worker, ended.signal), () => {
    ended.abort();
    worker.terminate();
  });
}

/** The engine behind an endpoint. Calls also end with `death`: a dead worker would leave them waiting for ever. */
export function connectEngine(
  endpoint: Endpoint,
  death: Promise<StudioError>,
  terminate: () => void,
): EngineClient {
  const remote = wrap<EngineApi>(endpoint);
  const crash = death.then((error): never => {
    throw error;
  });
  // Without a call under way nobody waits for the crash; the next call will report it.
  crash.catch(() => undefined);
  const orCrash = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, crash]);
  return {
    death,
    describeBackend: (preference) => orCrash(remote.describeBackend(preference)),
    openModel: (id, preference, onProgress, without) =>
      orCrash(remote.openModel(id, preference, proxy(onProgress), without)),
    generate: (job, onEvent) => orCrash(remote.generate(job, proxy(onEvent))),
    attention: (job, onProgress) => orCrash(remote.attention(job, proxy(onProgress))),
    train: (runId, memory, onEvent) =>
      orCrash<TrainOutcome>(remote.train(runId, memory, proxy(onEvent))),
    breakdown: () => orCrash(remote.breakdown()),
    stop: (job) => orCrash(remote.stop(job)),
    checkpoint: (runId) => orCrash(remote.checkpoint(runId)),
    merge: (job, onProgress) => orCrash(remote.merge(job, proxy(onProgress))),
    compressionChoices: (job, onProgress) =>
      orCrash(remote.compressionChoices(job, proxy(onProgress))),
    compress: (job, onProgress) => orCrash(remote.compress(job, proxy(onProgress))),
    exportConcept: (job, onProgress) => orCrash(remote.exportConcept(job, proxy(onProgress))),
    inspectFile: (file) => orCrash<InspectedFile>(remote.inspectFile(file)),
    checkForeign: (files) => orCrash(remote.checkForeign(files)),
    importForeign: (request) => orCrash(remote.importForeign(request)),
    prospects: (size, memory) => orCrash(remote.prospects(size, memory)),
    estimate: (request, memory) => orCrash(remote.estimate(request, memory)),
    describeCategory: (category) => orCrash(remote.describeCategory(category)),
    countTokens: (prompt, tokens) => orCrash(remote.countTokens(prompt, tokens)),
    importConcept: (file, name, thumbnails) =>
      orCrash(remote.importConcept(file, name, thumbnails)),
    close: () => orCrash(remote.close()),
    terminate() {
      remote[releaseProxy]();
      terminate();
    },
  };
}
