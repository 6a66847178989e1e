/** @file What a run does right now, in words. */
import type { ActiveRun, TrainStage } from "../../state/training-store.ts";
import { roughDuration } from "./time-left.ts";

const STAGES: Readonly<Record<TrainStage, string>> = {
  regularisation: "Painting regularisation images",
  views: "Preparing views of the pictures",
  sessions: "Preparing the training graph",
  compile: "Compiling programs for the GPU",
  preview: "Painting previews",
};

type Progress = Pick<ActiveRun, "stage" | "step" | "steps" | "millisecondsPerStep" | "stopping">;

export function progressSentence({ stage, step, steps, stopping }: Progress): string {
  if (stopping) return `Pausing after step ${step} of ${steps}`;
  if (stage === null) return step === 0 ? "Starting" : `Step ${step} of ${steps}`;
  const { name, done, total } = stage;
  if (name === "compile") return `${STAGES.compile}: ${done}`;
  if (total === 0) return STAGES[name];
  // A preview says which one is being painted, the rest how many are there.
  return `${STAGES[name]}, ${name === "preview" ? done + 1 : done} of ${total}`;
}

/** Of the steps that are left; previews come on top. Null while nobody knows. */
export function timeLeft({ step, steps, millisecondsPerStep }: Progress): string | null {
  if (millisecondsPerStep === null || step >= steps) return null;
  return `${roughDuration((steps - step) * millisecondsPerStep)} left`;
}
