/** @file A stored concept made smaller: what each share would come to, and the one that is kept. */
import { skipToken, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useState } from "react";
import type { CompressionChoice } from "../core/concept/compress-concept.ts";
import type { CompressJob } from "../rpc/contracts.ts";
import { type ConceptJob, useConceptJob } from "./concept-job.ts";
import { conceptsChanged, type ConceptRecord } from "./concepts.ts";
import { useEngine } from "./engine-context.ts";
import { useOpenModel } from "./estimate.ts";

export interface CompressionChoices {
  readonly choices: UseQueryResult<readonly CompressionChoice[]>;
  /** Share of the work done, from 0 to 1. */
  readonly progress: number;
}

/** Found once a concept and session; given up where nobody looks any more. */
export function useCompressionChoices({
  id,
  baseModel,
}: Pick<ConceptRecord, "id" | "baseModel">): CompressionChoices {
  const engine = useEngine();
  const fits = useOpenModel()?.fingerprint === baseModel.fingerprint;
  const [progress, setProgress] = useState(0);
  const choices = useQuery({
    queryKey: ["compression", id, fits],
    queryFn: fits
      ? ({ signal }) => {
          const job = crypto.randomUUID();
          // Where the engine has died meanwhile there is nothing to stop.
          const stop = (): void => void engine.stop(job).catch(() => undefined);
          signal.addEventListener("abort", stop, { once: true });
          return engine.compressionChoices({ job, conceptId: id }, setProgress);
        }
      : skipToken,
  });
  return { choices, progress };
}

/** Stores a smaller concept beside the one it is made of; gives its id. */
export function useCompress(): ConceptJob<Omit<CompressJob, "job">, string> {
  return useConceptJob(
    (engine, request, job, onProgress) => engine.compress({ ...request, job }, onProgress),
    conceptsChanged,
  );
}
