/** @file What a job is doing, as a sentence. */
import type { JobState } from "../../state/generation-store.ts";
import { formatDuration } from "../../ui/format.ts";

/** What a waiting job waits for, beside the jobs before it. */
export interface Surroundings {
  readonly model: "opening" | "open" | "failed";
  readonly training: boolean;
}

export function jobSentence(state: JobState, { model, training }: Surroundings): string {
  switch (state.kind) {
    case "waiting":
      if (model === "opening") return "Waits until the model is open.";
      if (model === "failed") return "Waits: the model could not be opened, see the page Models.";
      if (training) return "Waits for the training run to finish or pause.";
      return "Waits for its turn.";
    case "preparing":
      return state.what === null ? "Preparing" : `Preparing: ${state.what}`;
    case "sampling": {
      const { done, total, millisecondsLeft } = state;
      const step = `Step ${done} of ${total}`;
      if (millisecondsLeft === null || done === total) return step;
      return `${step}, about ${timeLeft(millisecondsLeft)} left`;
    }
    case "stopping":
      return "Stopping after the step that runs.";
    case "failed":
      return "Failed";
  }
}

/** Tenths of a second would promise more than is known. */
function timeLeft(milliseconds: number): string {
  const seconds = Math.max(1, Math.round(milliseconds / 1000));
  return seconds < 10 ? `${seconds} s` : formatDuration(1000 * seconds);
}

/** Part of the work that is done, from 0 to 100; null where it is not known. */
export function jobPercentage(state: JobState): number | null {
  if (state.kind === "sampling") return (100 * state.done) / state.total;
  return state.kind === "waiting" ? 0 : null;
}
