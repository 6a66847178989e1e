/** @file Steps that were left out because a gradient was not finite: how many, and when there is no use in going on. */
import { StudioError } from "../../core/errors.ts";
import type { Precision } from "../../core/precision.ts";

/** A float16 run halves its loss scale as often from 2^15 to 2^-9; what overflows even then does not do so by its scale. */
const MOST_IN_A_ROW = 24;

export class LeftOut {
  count: number;
  private readonly precision: Precision;
  private inARow = 0;

  /** @param count of a run that goes on */
  constructor(precision: Precision, count: number) {
    this.precision = precision;
    this.count = count;
  }

  /** @throws StudioError "session-failed" where too many in a row were left out */
  add({ skipped, step }: { readonly skipped: boolean; readonly step: number }): void {
    this.inARow = skipped ? this.inARow + 1 : 0;
    if (skipped) this.count++;
    if (this.inARow < MOST_IN_A_ROW) return;
    const advice =
      this.precision === "float16"
        ? "the model needs larger numbers than float16 has; train it in float32"
        : "start again with a lower learning rate";
    throw new StudioError(
      "session-failed",
      `Training stopped at step ${step}: the gradients of ${MOST_IN_A_ROW} steps in a row were not finite, so nothing was learnt from them; ${advice}.`,
    );
  }
}
