/** @file What the page hears of training steps: every one of them, but in parcels, a few a second. */
import type { LossPoint, TrainEvent } from "../../rpc/contracts.ts";
import type { StepReport } from "../train/step-report.ts";
import { Intervals } from "./intervals.ts";
import { Throttle } from "./throttle.ts";

const EVERY = 250;

export class StepTelemetry {
  private readonly emit: (event: TrainEvent) => void;
  private readonly times = new Intervals();
  private readonly parcels = new Throttle(EVERY);
  private points: LossPoint[] = [];

  constructor(emit: (event: TrainEvent) => void) {
    this.emit = emit;
  }

  step({ step, targetLoss, regularisationLoss, skipped, milliseconds }: StepReport): void {
    this.times.add(milliseconds);
    this.points.push({ step, target: targetLoss, regularisation: regularisationLoss, skipped });
    if (this.parcels.due()) this.flush();
  }

  flush(): void {
    if (this.points.length === 0) return;
    this.emit({
      kind: "steps",
      points: this.points,
      millisecondsPerStep: this.millisecondsPerStep,
    });
    this.points = [];
  }

  get millisecondsPerStep(): number | null {
    return this.times.median;
  }
}
