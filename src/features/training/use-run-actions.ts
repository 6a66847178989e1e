/** @file What can be done with a run on its page and in lists, and why not where it cannot. */
import { useTraining } from "../../state/engine-context.ts";
import { useOpenModel } from "../../state/estimate.ts";
import { type RunRecord, useFinishEarly, useRemoveRun } from "../../state/runs.ts";
import { resumeProblem } from "./resume-problem.ts";

export function useRunActions(run: RunRecord) {
  const model = useOpenModel();
  const activeRunId = useTraining((state) => state.activeRunId);
  const train = useTraining((state) => state.train);
  const pause = useTraining((state) => state.pause);
  const saveCheckpoint = useTraining((state) => state.saveCheckpoint);
  const finishEarly = useFinishEarly();
  const removeRun = useRemoveRun();
  return {
    /** A sentence where it cannot be resumed now. */
    problem: resumeProblem(run, model, activeRunId),
    resume: () => void train(run),
    pause: () => void pause(),
    saveCheckpoint: () => void saveCheckpoint(),
    finishHere: () => {
      finishEarly.mutate(run, { onSuccess: (shortened) => void train(shortened) });
    },
    remove: (onRemoved: () => void) => {
      removeRun.mutate(run.id, { onSuccess: onRemoved });
    },
    /** Of what was last tried with the store. */
    error: finishEarly.error ?? removeRun.error,
  };
}
