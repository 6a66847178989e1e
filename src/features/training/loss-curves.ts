/** @file What the loss chart draws, and what it says to those who do not see it. */
import type { LossColumns } from "../../state/loss-buffer.ts";
import { gaps, smooth, smoothingSpan } from "./smooth.ts";

type Column = (number | null)[];

export interface LossCurves {
  readonly steps: number[];
  readonly target: { readonly raw: Column; readonly smoothed: Column };
  readonly regularisation: { readonly raw: Column; readonly smoothed: Column };
}

/** @param plannedSteps of the whole run: smoothing does not change while it goes on */
export function lossCurves(columns: LossColumns, plannedSteps: number): LossCurves {
  const span = smoothingSpan(plannedSteps);
  const curve = (values: Float32Array) => ({ raw: gaps(values), smoothed: smooth(values, span) });
  return {
    steps: Array.from({ length: columns.length }, (_, i) => i + 1),
    target: curve(columns.target),
    regularisation: curve(columns.regularisation),
  };
}

export function formatLoss(loss: number | null | undefined): string {
  return loss == null ? "–" : loss.toFixed(4);
}

function describe(name: string, smoothed: Column): string | null {
  const first = smoothed.find((value) => value !== null);
  const last = smoothed.at(-1);
  if (first == null || last == null) return null;
  return `${name} loss from ${formatLoss(first)} to ${formatLoss(last)}`;
}

/** One sentence in place of the picture. */
export function summarise({ steps, target, regularisation }: LossCurves): string {
  const parts = [
    describe("target", target.smoothed),
    describe("regularisation", regularisation.smoothed),
  ].filter((part) => part !== null);
  if (parts.length === 0) return "No losses yet.";
  return `Losses over ${steps.length} ${steps.length === 1 ? "step" : "steps"}, smoothed: ${parts.join(", ")}.`;
}
