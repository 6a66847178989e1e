/** @file What state a run is really in: its record alone cannot know that the page which trained it is gone. */
import type { RunRecord } from "../../state/runs.ts";

export type RunCondition =
  /** This tab trains it. */
  | "training"
  /** Another tab does. */
  | "elsewhere"
  /** The page was closed, or crashed, while it trained. */
  | "interrupted"
  | "ready"
  | "paused"
  | "finished"
  | "failed";

export function runCondition(
  run: Pick<RunRecord, "id" | "status">,
  activeRunId: string | null,
  heldRuns: ReadonlySet<string>,
): RunCondition {
  if (run.id === activeRunId) return "training";
  // Who held a run that has ended may be known for a moment longer than that it ended.
  if (run.status !== "finished" && heldRuns.has(run.id)) return "elsewhere";
  return run.status === "running" ? "interrupted" : run.status;
}

/** Whether training can go on here. */
export function canResume(condition: RunCondition): boolean {
  return condition !== "training" && condition !== "elsewhere" && condition !== "finished";
}

export const CONDITION_LABELS: Readonly<Record<RunCondition, string>> = {
  training: "Training",
  elsewhere: "Training in another tab",
  interrupted: "Interrupted",
  ready: "Not started",
  paused: "Paused",
  finished: "Finished",
  failed: "Failed",
};

/** One sentence on where it stands and what can be done. */
export function conditionSentence(
  condition: RunCondition,
  {
    step,
    settings,
    error,
  }: Pick<RunRecord, "step" | "error"> & {
    readonly settings: Pick<RunRecord["settings"], "steps">;
  },
): string {
  const kept =
    step === 0
      ? "No step is kept yet; it begins at the first."
      : `Step ${step} of ${settings.steps} is kept.`;
  switch (condition) {
    case "training":
      return `Training, step ${step} of ${settings.steps} is kept should anything happen.`;
    case "elsewhere":
      return "Another tab of this browser trains it; pause it there to go on here.";
    case "interrupted":
      return `The page was closed or stopped while it trained. ${kept} Resume goes on from there.`;
    case "ready":
      return "It has not started yet.";
    case "paused":
      return `Paused. ${kept} Resume goes on from there.`;
    case "finished":
      return `All ${settings.steps} steps are done.`;
    case "failed":
      return `${error ?? "It stopped with an error."} ${kept}`;
  }
}
