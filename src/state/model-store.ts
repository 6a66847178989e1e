/** @file Which model is open, on which backend, and how opening it goes. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { BackendPreference, EngineApi, ModelInfo, OpenProgress } from "../rpc/contracts.ts";

export type ModelStatus =
  | { readonly kind: "opening"; readonly progress: OpenProgress | null }
  | { readonly kind: "open"; readonly info: ModelInfo }
  | { readonly kind: "failed"; readonly error: unknown };

export interface ModelState {
  readonly modelId: string;
  readonly preference: BackendPreference;
  readonly status: ModelStatus;
  /** Opens the model on the backend asked for, in place of whatever is open. */
  readonly open: (preference: BackendPreference) => void;
}

export type ModelStore = StoreApi<ModelState>;

/**
 * The engine opens one model at a time, so requests queue here, and of those that wait only the
 * newest is carried out: switching back and forth costs one opening, not one for each click.
 */
export function createModelStore(engine: EngineApi, modelId: string): ModelStore {
  let newest = 0;
  let previous: Promise<void> = Promise.resolve();

  return createStore<ModelState>()((set) => ({
    modelId,
    preference: "auto",
    status: { kind: "opening", progress: null },
    open(preference) {
      const request = ++newest;
      const show = (status: ModelStatus): void => {
        if (request === newest) set({ status });
      };
      set({ preference, status: { kind: "opening", progress: null } });
      previous = previous.then(async () => {
        if (request !== newest) return;
        let ended = false;
        const end = (status: ModelStatus): void => {
          ended = true;
          show(status);
        };
        await engine
          .openModel(modelId, preference, (progress) => {
            // Progress comes by a channel of its own, so the last of it may arrive after the answer.
            if (!ended) show({ kind: "opening", progress });
          })
          .then(
            (info) => end({ kind: "open", info }),
            (error: unknown) => end({ kind: "failed", error }),
          );
      });
    },
  }));
}
