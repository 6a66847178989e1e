/** @file Arithmetic on a stored concept in the engine, with its share done and a way out. */
import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { StudioError } from "../core/errors.ts";
import type { EngineApi, JobId } from "../rpc/contracts.ts";
import { useEngine } from "./engine-context.ts";

export interface ConceptJob<V, R> {
  /** @param onDone hears of the result, unless the component is gone by then */
  readonly start: (variables: V, onDone?: (result: R) => void) => void;
  readonly cancel: () => void;
  readonly pending: boolean;
  /** Share of the work done, from 0 to 1. */
  readonly progress: number;
  readonly result: R | null;
  readonly error: Error | null;
}

/** @param after what is to be read anew once it has ended */
export function useConceptJob<V, R>(
  run: (
    engine: EngineApi,
    variables: V,
    job: JobId,
    onProgress: (done: number) => void,
  ) => Promise<R>,
  after: (client: QueryClient) => Promise<void> = () => Promise.resolve(),
): ConceptJob<V, R> {
  const engine = useEngine();
  const client = useQueryClient();
  const [progress, setProgress] = useState(0);
  const working = useMutation({
    mutationFn: ({ variables, job }: { readonly variables: V; readonly job: JobId }) => {
      setProgress(0);
      return run(engine, variables, job, setProgress);
    },
    onSettled: () => after(client),
  });
  const { error, variables, data, isPending, mutate } = working;
  const cancelled = error instanceof StudioError && error.code === "cancelled";
  return {
    start: (given, onDone) =>
      mutate(
        { variables: given, job: crypto.randomUUID() },
        onDone === undefined ? {} : { onSuccess: onDone },
      ),
    cancel: () => {
      if (variables !== undefined) void engine.stop(variables.job);
    },
    pending: isPending,
    progress,
    result: data ?? null,
    error: cancelled ? null : error,
  };
}
