/** @file Opening another model, and what stands in the way of it. */
import { useModel, useTraining } from "../../state/engine-context.ts";

/** The engine does one thing after the other, and a run may take hours. */
export const TRAINING_OBSTACLE =
  "A run is training. Pause it or let it finish before you open a model.";

export function useOpenModel(): {
  readonly openModel: (id: string) => void;
  /** Why no model can be opened at the moment. */
  readonly obstacle: string | null;
} {
  const openModel = useModel((state) => state.openModel);
  const training = useTraining(({ activeRunId }) => activeRunId !== null);
  return {
    openModel: (id) => void openModel(id),
    obstacle: training ? TRAINING_OBSTACLE : null,
  };
}
