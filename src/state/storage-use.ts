/** @file What the site's storage holds, and whether the browser may clear it. */
import {
  type QueryClient,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { StorageUse } from "../rpc/hub-contract.ts";
import { useHub } from "./hub-context.ts";
import { askForPersistence } from "./persistence.ts";

export type { StorageKind, StorageUse } from "../rpc/hub-contract.ts";

const USE_KEY = ["storage-use"] as const;
const PERSISTED_KEY = ["storage-persisted"] as const;

/** To be called by whoever stored or removed much. */
export function storageChanged(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: USE_KEY });
}

export function useStorageUse(): UseQueryResult<StorageUse> {
  const hub = useHub();
  return useQuery({
    queryKey: USE_KEY,
    queryFn: () => hub.storageUse(),
    // Nobody says when an image is painted or the app is cached; whoever looks sees it as it is.
    staleTime: 0,
    refetchOnMount: "always",
    refetchOnWindowFocus: "always",
  });
}

export function useClearRegularisation(): UseMutationResult<void, Error, void> {
  const hub = useHub();
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => hub.clearRegularisation(),
    onSettled: () => storageChanged(client),
  });
}

/** Whether the browser keeps what is stored until the person removes it; null where it does not say. */
export function usePersisted(): UseQueryResult<boolean | null> {
  return useQuery({
    queryKey: PERSISTED_KEY,
    queryFn: async () => ("storage" in navigator ? navigator.storage.persisted() : null),
    refetchOnMount: "always",
  });
}

/** Asks the browser to keep it; some ask the person, others decide by how often the site is used. */
export function useKeepData(): UseMutationResult<boolean, Error, void> {
  const client = useQueryClient();
  return useMutation({
    mutationFn: askForPersistence,
    onSettled: () => client.invalidateQueries({ queryKey: PERSISTED_KEY }),
  });
}
