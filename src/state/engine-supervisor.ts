/** @file One engine for everybody, whichever worker it runs in: when that has died, a person starts another. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { StudioError } from "../core/errors.ts";
import type { EngineClient } from "../rpc/client.ts";
import type { EngineApi } from "../rpc/contracts.ts";

export interface EngineState {
  /** Why the engine stopped; null while it runs. */
  readonly stopped: StudioError | null;
  /** Starts another in place of one that has stopped. */
  readonly restart: () => void;
}

export type EngineStore = StoreApi<EngineState>;

export interface SupervisedEngine {
  /** Stays the same; calls go to the engine that runs now, and reject where that has stopped. */
  readonly engine: EngineApi;
  readonly state: EngineStore;
}

/**
 * @param start starts an engine
 * @param ready the first one waits for this
 */
export function superviseEngine(start: () => EngineClient, ready: Promise<void>): SupervisedEngine {
  const startWatched = (): EngineClient => {
    const client = start();
    void client.death.then((stopped) => {
      // What has thrown may still be there, and hold the GPU's memory.
      client.terminate();
      state.setState({ stopped });
    });
    return client;
  };
  const state = createStore<EngineState>()((set, get) => ({
    stopped: null,
    restart() {
      if (get().stopped === null) return;
      client = Promise.resolve(startWatched());
      set({ stopped: null });
    },
  }));
  let client = ready.then(startWatched);
  const now = async <T>(call: (client: EngineClient) => Promise<T>): Promise<T> =>
    call(await client);

  const engine: EngineApi = {
    prospects: (size, memory) => now((engine) => engine.prospects(size, memory)),
    describeBackend: (preference) => now((engine) => engine.describeBackend(preference)),
    openModel(id, preference, onProgress, without) {
      // Whoever opens a model wants an engine: one that has stopped is replaced.
      state.getState().restart();
      return now((engine) => engine.openModel(id, preference, onProgress, without));
    },
    generate: (job, onEvent) => now((engine) => engine.generate(job, onEvent)),
    attention: (job, onProgress) => now((engine) => engine.attention(job, onProgress)),
    train: (runId, memory, onEvent) => now((engine) => engine.train(runId, memory, onEvent)),
    breakdown: () => now((engine) => engine.breakdown()),
    stop: (job) => now((engine) => engine.stop(job)),
    checkpoint: (runId) => now((engine) => engine.checkpoint(runId)),
    merge: (job, onProgress) => now((engine) => engine.merge(job, onProgress)),
    compressionChoices: (job, onProgress) =>
      now((engine) => engine.compressionChoices(job, onProgress)),
    compress: (job, onProgress) => now((engine) => engine.compress(job, onProgress)),
    exportConcept: (job, onProgress) => now((engine) => engine.exportConcept(job, onProgress)),
    inspectFile: (file) => now((engine) => engine.inspectFile(file)),
    checkForeign: (files) => now((engine) => engine.checkForeign(files)),
    importForeign: (request) => now((engine) => engine.importForeign(request)),
    estimate: (request, memory) => now((engine) => engine.estimate(request, memory)),
    describeCategory: (category) => now((engine) => engine.describeCategory(category)),
    countTokens: (prompt, tokens) => now((engine) => engine.countTokens(prompt, tokens)),
    importConcept: (file, name, thumbnails) =>
      now((engine) => engine.importConcept(file, name, thumbnails)),
    close: () => now((engine) => engine.close()),
  };
  return { engine, state };
}
