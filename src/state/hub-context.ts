/** @file Hands the hub, which keeps imported models, to components, without a global. */
import { createContext, useContext } from "react";
import { useStore } from "zustand";
import { StudioError } from "../core/errors.ts";
import type { HubApi } from "../rpc/hub-contract.ts";
import type { ImportState, ImportStore } from "./model-import.ts";

export interface HubContextValue {
  readonly hub: HubApi;
  readonly imports: ImportStore;
}

export const HubContext = createContext<HubContextValue | null>(null);

function useHubContext(): HubContextValue {
  const value = useContext(HubContext);
  if (value === null) throw new StudioError("internal", "No hub was provided to this component.");
  return value;
}

export function useHub(): HubApi {
  return useHubContext().hub;
}

export function useImport<T>(select: (state: ImportState) => T): T {
  return useStore(useHubContext().imports, select);
}
