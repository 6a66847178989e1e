/** @file Clipping and dynamic loss scaling: what is decided about a step from its gradient's norm. */
import type { LossScaleSettings, OptimiserState } from "./arithmetic.ts";

/** Factor that brings a gradient of norm `norm` down to `limit` (torch.nn.utils.clip_grad_norm_); 1 where it is smaller. */
export function clipCoefficient(norm: number, limit: number | null): number {
  return limit === null ? 1 : Math.min(1, limit / (norm + 1e-6));
}

/** The loss scale, halved where gradients overflow and raised after a stretch where none did (torch.amp.GradScaler). */
export class LossScale {
  value: number;
  goodSteps = 0;
  skipped = 0;
  private readonly settings: LossScaleSettings | null;

  constructor(settings: LossScaleSettings | null) {
    this.settings = settings;
    this.value = settings?.initial ?? 1;
  }

  update(finite: boolean): void {
    if (!finite) this.skipped++;
    if (this.settings === null) return;
    const { backoffFactor, growthFactor, growthInterval } = this.settings;
    this.goodSteps = finite ? this.goodSteps + 1 : 0;
    if (!finite) this.value *= backoffFactor;
    else if (this.goodSteps >= growthInterval) {
      this.value *= growthFactor;
      this.goodSteps = 0;
    }
  }

  restore({
    lossScale,
    goodSteps,
    skipped,
  }: Pick<OptimiserState, "lossScale" | "goodSteps" | "skipped">): void {
    this.value = lossScale;
    this.goodSteps = goodSteps;
    this.skipped = skipped;
  }
}
