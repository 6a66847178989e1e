/** @file The page's end of the engine: the worker, its calls, and an answer even when the worker dies. */
import { proxy, releaseProxy, wrap, type Endpoint } from "comlink";
import { StudioError } from "../core/errors.ts";
import type { EngineApi, TrainOutcome } from "./contracts.ts";
import { installErrorTransfer } from "./transfer.ts";

installErrorTransfer();

export interface EngineClient extends EngineApi {
  /** Ends the worker at once, and with it everything it holds on the GPU. */
  terminate(): void;
}

/** Starts the engine in a worker of its own. */
export function startEngine(): EngineClient {
  const worker = new Worker(new URL("../../workers/engine.worker.ts", import.meta.url), {
    type: "module",
    name: "engine",
  });
  const crash = new Promise<never>((_, reject) => {
    const report = (event: Event): void => {
      const detail =
        event instanceof ErrorEvent && event.message !== "" ? ` (${event.message})` : "";
      reject(new StudioError("internal", `The engine stopped${detail}. Reload the page.`));
    };
    worker.addEventListener("error", report);
    worker.addEventListener("messageerror", report);
  });
  return connectEngine(worker, crash, () => {
    worker.terminate();
  });
}

/**
 * The engine behind an endpoint. A call also ends when `crash` rejects, since a dead worker would
 * leave it waiting for ever.
 */
export function connectEngine(
  endpoint: Endpoint,
  crash: Promise<never>,
  terminate: () => void,
): EngineClient {
  const remote = wrap<EngineApi>(endpoint);
  // Without a call under way nobody waits for the crash; the next call will report it.
  crash.catch(() => undefined);
  const orCrash = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, crash]);
  return {
    describeBackend: (preference) => orCrash(remote.describeBackend(preference)),
    openModel: (id, preference, onProgress) =>
      orCrash(remote.openModel(id, preference, proxy(onProgress))),
    generate: (job, onEvent) => orCrash(remote.generate(job, proxy(onEvent))),
    train: (runId, onEvent) => orCrash<TrainOutcome>(remote.train(runId, proxy(onEvent))),
    stop: (job) => orCrash(remote.stop(job)),
    checkpoint: (runId) => orCrash(remote.checkpoint(runId)),
    estimate: (request) => orCrash(remote.estimate(request)),
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
