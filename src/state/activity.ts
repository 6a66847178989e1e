/** @file What is under way in this tab: training and painting, from the stores that do them. */
import { useGeneration, useTraining } from "./engine-context.ts";

export interface Activity {
  readonly training: {
    readonly runId: string;
    readonly step: number;
    readonly steps: number;
  } | null;
  /** Jobs that are painted or wait for it; steps of the one that runs. */
  readonly painting: {
    readonly jobs: number;
    readonly done: number;
    readonly total: number;
  } | null;
}

export function useActivity(): Activity {
  const runId = useTraining(({ activeRunId }) => activeRunId);
  const active = useTraining((state) => state.active);
  const pending = useGeneration(({ jobs }) =>
    jobs.reduce((count, { state }) => count + Number(state.kind !== "failed"), 0),
  );
  const sampling = useGeneration(
    ({ jobs }) => jobs.find(({ state }) => state.kind === "sampling")?.state,
  );
  const { done, total } = sampling?.kind === "sampling" ? sampling : { done: 0, total: 0 };
  return {
    training:
      runId === null || active === null ? null : { runId, step: active.step, steps: active.steps },
    painting: pending === 0 ? null : { jobs: pending, done, total },
  };
}
