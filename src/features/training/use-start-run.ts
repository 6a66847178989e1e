/** @file Stores a new run, begins to train it, and shows its page. */
import { useLocation } from "wouter";
import { useTraining } from "../../state/engine-context.ts";
import { askForPersistence } from "../../state/persistence.ts";
import { type NewRun, useCreateRun } from "../../state/runs.ts";

export function useStartRun() {
  const [, navigate] = useLocation();
  const train = useTraining((state) => state.train);
  const busy = useTraining((state) => state.activeRunId !== null);
  const create = useCreateRun();
  return {
    /** @param onStored once the run is stored, before its page is shown */
    start: (run: NewRun, onStored: () => void = () => undefined): void => {
      // While the click still counts as one: some browsers ask the person.
      void askForPersistence();
      create.mutate(run, {
        onSuccess: () => {
          void train(run.record);
          onStored();
          navigate(`/runs/${run.record.id}`);
        },
      });
    },
    /** Why nothing can begin now, whatever is to be trained; null where it can. */
    problem: busy ? "Another run is training; pause it or wait for it." : null,
    pending: create.isPending,
    /** Of storing the run. */
    error: create.error,
  };
}
