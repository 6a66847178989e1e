/** @file Where each word of an image looks: asked of the engine with progress and a way out, and given up on leaving. */
import { useMutation } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { StudioError } from "../core/errors.ts";
import type { AttentionJob, AttentionProgress, JobId, PromptAttention } from "../rpc/contracts.ts";
import { useEngine } from "./engine-context.ts";

export interface Looking {
  readonly look: (request: Omit<AttentionJob, "job">) => void;
  readonly cancel: () => void;
  readonly pending: boolean;
  /** Null until the engine begins, which it does when it has nothing else to do. */
  readonly progress: AttentionProgress | null;
  readonly seen: PromptAttention | null;
  readonly error: Error | null;
}

export function useAttention(): Looking {
  const engine = useEngine();
  const running = useRef<JobId | null>(null);
  const [progress, setProgress] = useState<AttentionProgress | null>(null);
  const looking = useMutation({
    mutationFn: async (request: Omit<AttentionJob, "job">): Promise<PromptAttention> => {
      const job = crypto.randomUUID();
      running.current = job;
      setProgress(null);
      try {
        return await engine.attention({ job, ...request }, (event) => {
          if (running.current === job) setProgress(event);
        });
      } finally {
        if (running.current === job) running.current = null;
      }
    },
  });
  const { error, reset } = looking;
  const stop = useCallback((): void => {
    const job = running.current;
    running.current = null;
    // Where the engine has died, so has the job.
    if (job !== null) engine.stop(job).catch(() => undefined);
  }, [engine]);
  useEffect(() => stop, [stop]);
  const cancelled = error instanceof StudioError && error.code === "cancelled";
  return {
    look: (request) => looking.mutate(request),
    cancel() {
      stop();
      // The engine may be busy with something else, and answer later.
      reset();
    },
    pending: looking.isPending,
    progress: looking.isPending ? progress : null,
    seen: looking.data ?? null,
    error: cancelled ? null : error,
  };
}
