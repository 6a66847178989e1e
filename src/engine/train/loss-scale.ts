/** @file Clipping and dynamic loss scaling: what is decided about a step from its gradient's norm. */
import type { Precision } from "../../core/precision.ts";
import type { LossScaleSettings, OptimiserState } from "./arithmetic.ts";

/**
 * Of float16 gradients. Where half of PyTorch's first scale overflows, the first steps are left out until it does not; a run is
 * a few hundred steps, so the scale is tried doubled sooner than PyTorch does after 2000 of them.
 */
const OF_FLOAT16: LossScaleSettings = {
  initial: 2 ** 15,
  growthFactor: 2,
  backoffFactor: 0.5,
  growthInterval: 200,
};

/** Null for float32, whose gradients need none. */
export function lossScaleFor(precision: Precision): LossScaleSettings | null {
  return precision === "float16" ? OF_FLOAT16 : null;
}

/** A state of a run in the other precision, as it goes on: float32 has no scale, float16 has to find its own. */
export function withScaleFor(
  state: OptimiserState,
  settings: LossScaleSettings | null,
): OptimiserState {
  if (settings === null) return { ...state, lossScale: 1, goodSteps: 0 };
  return state.lossScale === 1 ? { ...state, lossScale: settings.initial, goodSteps: 0 } : state;
}

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
