/** @file What is told of a training step. */
import type { UpdateReport } from "./arithmetic.ts";
import type { Sample } from "./draw.ts";

export interface StepReport extends UpdateReport {
  /** Steps done, this one included. */
  readonly step: number;
  /** Mean masked loss of the target images, and of the regularisation images (NaN where there are none). */
  readonly targetLoss: number;
  readonly regularisationLoss: number;
  /** Loss of each sample, target images first. */
  readonly losses: Float32Array;
  /** How long it took; the mean where several were waited for together. */
  readonly milliseconds: number;
}

/** A step that is not told of yet. */
export interface StepTaken {
  readonly step: number;
  readonly kinds: readonly Sample["kind"][];
}

/** @param shares of the samples in the step's loss, which is their mean */
export function stepReport(
  { step, kinds }: StepTaken,
  shares: Float32Array,
  update: UpdateReport,
  milliseconds: number,
): StepReport {
  const losses = shares.map((share) => share * kinds.length);
  const mean = (kind: Sample["kind"]): number => {
    const chosen = losses.filter((_, i) => kinds[i] === kind);
    return chosen.reduce((sum, x) => sum + x, 0) / chosen.length;
  };
  return {
    step,
    targetLoss: mean("target"),
    regularisationLoss: mean("regularisation"),
    losses,
    ...update,
    milliseconds,
  };
}

/** How steps are taken: each waited for, or launched one behind the other. */
export interface Steps {
  /** Takes the step that is the `step`-th, or launches it. */
  take(step: number, samples: readonly Sample[]): Promise<void>;
  /** Whether reports should be asked for before the next step. */
  readonly due: boolean;
  /** Reports of the steps that were not told of yet, once all of them are done. */
  reports(): Promise<StepReport[]>;
  /** Compiles everything for the GPU, before somebody waits for the first step. */
  warmUp(): Promise<void>;
  /** The trained values were changed by something else. */
  restored(): Promise<void>;
  release(): Promise<void>;
}
