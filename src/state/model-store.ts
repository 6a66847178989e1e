/** @file Which model is open, on which backend, and how opening it goes. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Optimisation } from "../core/optimisations.ts";
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
  /** Opens another model on the backend that was asked for last; settles once it is open, has failed or was overtaken. */
  readonly openModel: (modelId: string) => Promise<void>;
}

export type ModelStore = StoreApi<ModelState>;

/**
 * The engine opens one model at a time, so requests queue here, and of those that wait only the
 * newest is carried out: switching back and forth costs one opening, not one for each click.
 * @param onChosen a model that a person chose is open
 * @param without optimisations that are switched off at that time
 */
export function createModelStore(
  engine: Pick<EngineApi, "openModel">,
  modelId: string,
  onChosen: (modelId: string) => void = () => undefined,
  without: () => readonly Optimisation[] = () => [],
): ModelStore {
  let newest = 0;
  let previous: Promise<void> = Promise.resolve();

  return createStore<ModelState>()((set, get) => {
    const request = (id: string, preference: BackendPreference): Promise<void> => {
      const own = ++newest;
      const show = (status: ModelStatus): void => {
        if (own === newest) set({ status });
      };
      set({ modelId: id, preference, status: { kind: "opening", progress: null } });
      previous = previous.then(async () => {
        if (own !== newest) return;
        let ended = false;
        const end = (status: ModelStatus): void => {
          ended = true;
          show(status);
        };
        const onProgress = (progress: OpenProgress): void => {
          // Progress comes by a channel of its own, so the last of it may arrive after the answer.
          if (!ended) show({ kind: "opening", progress });
        };
        await engine.openModel(id, preference, onProgress, without()).then(
          (info) => end({ kind: "open", info }),
          (error: unknown) => end({ kind: "failed", error }),
        );
      });
      return previous;
    };
    return {
      modelId,
      preference: "auto",
      status: { kind: "opening", progress: null },
      open: (preference) => void request(get().modelId, preference),
      async openModel(id) {
        await request(id, get().preference);
        const { status } = get();
        if (status.kind === "open" && status.info.id === id) onChosen(id);
      },
    };
  });
}
