/** @file Stored concepts for the page: the list, one of them, and what a person does to them. */
import {
  type QueryClient,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from "@tanstack/react-query";
import { concepts, type ConceptRecord } from "../storage/concepts.ts";

export type { ConceptRecord };

export interface ConceptList {
  /** Newest first. */
  readonly concepts: readonly ConceptRecord[];
  /** Records of another version of the studio, which are left as they are. */
  readonly unreadable: number;
}

const KEY = ["concepts"] as const;

/** To be called by whoever stored, changed or removed a concept without the hooks below. */
export function conceptsChanged(client: QueryClient): Promise<void> {
  return client.invalidateQueries({ queryKey: KEY });
}

export function useConcepts(): UseQueryResult<ConceptList> {
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<ConceptList> => {
      const { records, unreadable } = await concepts.list();
      records.sort((a, b) => b.createdAt - a.createdAt);
      return { concepts: records, unreadable };
    },
    // Another tab may have trained or deleted one meanwhile.
    refetchOnWindowFocus: "always",
  });
}

/** Null where there is no such concept (any more). */
export function useConcept(id: string): UseQueryResult<ConceptRecord | null> {
  return useQuery({
    queryKey: [...KEY, id],
    queryFn: async () => (await concepts.get(id)) ?? null,
    refetchOnWindowFocus: "always",
  });
}

function useConceptChange<T>(
  change: (value: T) => Promise<void>,
): UseMutationResult<void, Error, T> {
  const client = useQueryClient();
  return useMutation({ mutationFn: change, onSettled: () => conceptsChanged(client) });
}

export function useRenameConcept(): UseMutationResult<void, Error, { id: string; name: string }> {
  return useConceptChange(({ id, name }) => concepts.update(id, (record) => ({ ...record, name })));
}

export function useRemoveConcept(): UseMutationResult<void, Error, ConceptRecord> {
  return useConceptChange(({ id }) => concepts.remove(id));
}

/** Undoes a removal: the record is put back as it was. */
export function useRestoreConcept(): UseMutationResult<void, Error, ConceptRecord> {
  return useConceptChange((record) => concepts.put(record));
}
