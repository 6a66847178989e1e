/** @file Merging stored concepts into a new one, with progress and a way out. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { StudioError } from "../core/errors.ts";
import type { MergeFacts, MergeJob, MergeProgress } from "../rpc/contracts.ts";
import { conceptsChanged } from "./concepts.ts";
import { useEngine } from "./engine-context.ts";

export interface Merging {
  readonly merge: (request: Omit<MergeJob, "job">) => void;
  readonly cancel: () => void;
  readonly pending: boolean;
  /** Null where nothing is being merged. */
  readonly progress: MergeProgress | null;
  readonly outcome: { readonly conceptId: string; readonly facts: MergeFacts } | null;
  readonly error: Error | null;
}

export function useMerge(): Merging {
  const engine = useEngine();
  const client = useQueryClient();
  const [progress, setProgress] = useState<MergeProgress | null>(null);
  const merging = useMutation({
    mutationFn: (job: MergeJob) => engine.merge(job, setProgress),
    onSuccess: () => conceptsChanged(client),
    onSettled: () => setProgress(null),
  });
  const { error, variables } = merging;
  const cancelled = error instanceof StudioError && error.code === "cancelled";
  return {
    merge: (request) => merging.mutate({ ...request, job: crypto.randomUUID() }),
    cancel: () => {
      if (variables !== undefined) void engine.stop(variables.job);
    },
    pending: merging.isPending,
    progress: merging.isPending ? progress : null,
    outcome: merging.data ?? null,
    error: cancelled ? null : error,
  };
}
