/** @file Models of this browser's store for the page: the list, and what a person does to them. */
import type { ModelSize, Prospects } from "../core/plan/painting.ts";
import {
  type QueryClient,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import { DEFAULT_MODEL } from "../core/default-model.ts";
import { StudioError } from "../core/errors.ts";
import { storedBytes } from "../core/stored-file.ts";
import type { HubApi, ImportProgress } from "../rpc/hub-contract.ts";
import { type ModelRecord, models } from "../storage/models.ts";
import { useModel } from "./engine-context.ts";
import { type HubContextValue, useHub } from "./hub-context.ts";
import type { EngineApi } from "../rpc/contracts.ts";
import { memoryBudgetStore } from "./memory-budget.ts";
import { createImportStore } from "./model-import.ts";
import { storageChanged } from "./storage-use.ts";
import { holdWakeLock } from "./wake-lock.ts";

export type { ModelRecord };

export interface ModelList {
  /** Newest first. */
  readonly models: readonly ModelRecord[];
  /** Records of another version of the studio, which are left as they are. */
  readonly unreadable: number;
}

const KEY = ["models"] as const;

async function modelsChanged(client: QueryClient): Promise<void> {
  await Promise.all([client.invalidateQueries({ queryKey: KEY }), storageChanged(client)]);
}

/** Bytes of a model that are here: fewer than its files have where it is not complete. */
export function storedSize({ files }: ModelRecord): number {
  return files.reduce((sum, file) => sum + storedBytes(file), 0);
}

/** The hub with the store of its imports, joined to what the page has read. */
export function connectHubStore(
  hub: HubApi,
  engine: Pick<EngineApi, "prospects">,
  client: QueryClient,
): HubContextValue {
  const changed = (): void => void modelsChanged(client);
  const prospects = (size: ModelSize): Promise<Prospects | null> =>
    // Where the engine cannot say, opening the model will.
    engine.prospects(size, memoryBudgetStore.getState().bytes).catch(() => null);
  return { hub, imports: createImportStore({ hub, prospects, changed, holdWakeLock }) };
}

export function useStoredModels(): UseQueryResult<ModelList> {
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<ModelList> => {
      const { records, unreadable } = await models.list();
      return { models: records.sort((a, b) => b.importedAt - a.importedAt), unreadable };
    },
    // Another tab may have imported or removed one meanwhile.
    refetchOnWindowFocus: "always",
  });
}

/** Removes a stored model; where it is the one that is open, the default model is opened first. */
export function useRemoveModel(): UseMutationResult<void, Error, ModelRecord> {
  const hub = useHub();
  const client = useQueryClient();
  const { modelId, openModel } = useModel((state) => state);
  return useMutation({
    mutationFn: async ({ id }) => {
      if (id === modelId) await openModel(DEFAULT_MODEL.id);
      await hub.removeModel(id);
    },
    onSettled: () => modelsChanged(client),
  });
}

interface CheckRequest {
  readonly model: ModelRecord;
  readonly onProgress: (progress: ImportProgress) => void;
}

/** Reads a stored model back; gives the paths of files that are damaged, null where a person stopped it. */
export function useCheckModel(): UseMutationResult<string[] | null, Error, CheckRequest> {
  const hub = useHub();
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ model, onProgress }) => {
      try {
        return await hub.checkModel(model.id, onProgress);
      } catch (error) {
        if (error instanceof StudioError && error.code === "cancelled") return null;
        throw error;
      }
    },
    onSettled: () => modelsChanged(client),
  });
}
