/** @file The regularisation images of each of a run's subjects: those that came with it, and those that the model paints. */
import type { TrainEvent } from "../../rpc/contracts.ts";
import type { RunRecord } from "../../storage/runs.ts";
import { pictureSize } from "../model/read-model.ts";
import type { Picture } from "../train/examples.ts";
import { paintRegularisation } from "./generated-regularisation.ts";
import type { OpenModel } from "./open-model.ts";
import { givenRegularisation } from "./run-input.ts";

/** In the order of the run's subjects; none where a subject has none. */
export async function runRegularisation(
  open: OpenModel,
  run: RunRecord,
  emit: (event: TrainEvent) => void,
  signal: AbortSignal,
): Promise<Picture[][]> {
  const pictures = await givenRegularisation(run, pictureSize(open.model));
  const total = run.subjects.reduce((sum, { regularisation }) => sum + painted(regularisation), 0);
  let before = 0;
  for (const [i, { category, regularisation }] of run.subjects.entries()) {
    const count = painted(regularisation);
    if (count === 0) continue;
    const done = before;
    pictures[i] = await paintRegularisation(open, category, count, {
      signal,
      onImage: (own) => emit({ kind: "stage", stage: "regularisation", done: done + own, total }),
    });
    before += count;
  }
  return pictures;
}

function painted(regularisation: RunRecord["subjects"][number]["regularisation"]): number {
  return regularisation.kind === "generate" ? regularisation.count : 0;
}
