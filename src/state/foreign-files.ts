/** @file Files of other tools: which of those that were brought belong together, whether they fit, and storing them. */
import {
  skipToken,
  useMutation,
  type UseMutationResult,
  useQuery,
  useQueryClient,
  type UseQueryResult,
} from "@tanstack/react-query";
import type { ForeignContent, ForeignImport } from "../rpc/contracts.ts";
import { conceptsChanged } from "./concepts.ts";
import { useEngine } from "./engine-context.ts";
import { useOpenModel } from "./estimate.ts";

export interface ForeignPart {
  readonly file: File;
  readonly content: ForeignContent;
}

/** Parts of files that were brought at once: weights with the words beside them, else each by itself. */
export function groupParts<T extends Pick<ForeignPart, "content">>(parts: readonly T[]): T[][] {
  const weights = parts.filter(({ content }) => content.layers > 0);
  if (weights.length !== 1) return parts.map((part) => [part]);
  // What changes weights comes first: it is what the concept is called after.
  return [parts.toSorted((a, b) => Number(b.content.layers > 0) - Number(a.content.layers > 0))];
}

/** Null once it is known that they fit the open model; an error says why they do not. */
export function useForeignCheck(key: string, parts: readonly ForeignPart[]): UseQueryResult<null> {
  const engine = useEngine();
  const model = useOpenModel();
  return useQuery({
    queryKey: ["foreign-check", key, model?.fingerprint],
    queryFn:
      model === null
        ? skipToken
        : async () => {
            await engine.checkForeign(parts.map(({ file }) => file));
            return null;
          },
    gcTime: 0,
  });
}

/** Stores them as one concept; gives its id. */
export function useImportForeign(): UseMutationResult<string, Error, ForeignImport> {
  const engine = useEngine();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (request) => engine.importForeign(request),
    onSettled: () => conceptsChanged(client),
  });
}
