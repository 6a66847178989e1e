/** @file The loss scale's bookkeeping (see kernel.wgsl.ts) in float64. */
import type { LossScaleRule, LossScaleState } from "./index.ts";

/** The state after a step; `rule` is null where the scale never changes. */
export function lossScaleReference(
  state: LossScaleState,
  skip: boolean,
  rule: LossScaleRule | null,
): LossScaleState {
  const skipped = skip ? state.skipped + 1 : state.skipped;
  const step = skip ? state.step : state.step + 1;
  if (rule === null) return { lossScale: state.lossScale, goodSteps: 0, skipped, step };
  const streak = skip ? 0 : state.goodSteps + 1;
  const grows = streak >= rule.growthInterval;
  const factor = skip ? rule.backoffFactor : grows ? rule.growthFactor : 1;
  const scale = state.lossScale * factor;
  const kept = scale >= 2 ** -120 && scale <= 2 ** 120;
  return {
    lossScale: kept ? scale : state.lossScale,
    goodSteps: grows ? 0 : streak,
    skipped,
    step,
  };
}
