/** @file Hands what the shell shows of the app itself (offline, updates, the engine's health) to components. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { StudioError } from "../core/errors.ts";
import type { AppUpdate, AppUpdateStore } from "./app-update.ts";
import type { EngineState, EngineStore } from "./engine-supervisor.ts";
import type { OfflineStatus, OfflineStore } from "./offline.ts";

export interface ShellContextValue {
  readonly engineState: EngineStore;
  readonly offline: OfflineStore;
  readonly update: AppUpdateStore;
}

export const ShellContext = createContext<ShellContextValue | null>(null);

function useShell(): ShellContextValue {
  const value = useContext(ShellContext);
  if (value === null) {
    throw new StudioError("internal", "No shell was provided to this component.");
  }
  return value;
}

export const useEngineState = (): EngineState => useStore(useShell().engineState);
export const useOfflineStatus = (): OfflineStatus => useStore(useShell().offline);
export const useAppUpdate = (): AppUpdate => useStore(useShell().update);
