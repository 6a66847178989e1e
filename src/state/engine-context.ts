/** @file Hands the engine and the stores that use it to components, without a global. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { StudioError } from "../core/errors.ts";
import type { EngineApi } from "../rpc/contracts.ts";
import type { GenerationState, GenerationStore } from "./generation-store.ts";
import type { ModelState, ModelStore } from "./model-store.ts";
import type { TrainingState, TrainingStore } from "./training-store.ts";

export interface EngineContextValue {
  readonly engine: EngineApi;
  readonly models: ModelStore;
  readonly training: TrainingStore;
  readonly generation: GenerationStore;
}

export const EngineContext = createContext<EngineContextValue | null>(null);

function useEngineContext(): EngineContextValue {
  const value = useContext(EngineContext);
  if (value === null)
    throw new StudioError("internal", "No engine was provided to this component.");
  return value;
}

export function useEngine(): EngineApi {
  return useEngineContext().engine;
}

export function useModel<T>(select: (state: ModelState) => T): T {
  return useStore(useEngineContext().models, select);
}

export function useTraining<T>(select: (state: TrainingState) => T): T {
  return useStore(useEngineContext().training, select);
}

export function useGeneration<T>(select: (state: GenerationState) => T): T {
  return useStore(useEngineContext().generation, select);
}

/** The queue itself, for what draws without React. */
export function useGenerationStore(): GenerationStore {
  return useEngineContext().generation;
}
