/** @file Smooths a noisy loss curve, so that its course can be seen. */

/** Steps that the smoothed curve looks back over: a tenth of a run, within reason. */
export function smoothingSpan(steps: number): number {
  return Math.min(50, Math.max(5, Math.round(steps / 10)));
}

/**
 * Exponential moving average without the bias of its start (as Adam corrects its moments). Where a loss is not a
 * number the average stands still, and where none has come yet there is a gap.
 */
export function smooth(values: ArrayLike<number>, span: number): (number | null)[] {
  const decay = 1 - 1 / Math.max(1, span);
  const smoothed = new Array<number | null>(values.length);
  let sum = 0;
  let weight = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? NaN;
    if (Number.isFinite(value)) {
      sum = decay * sum + (1 - decay) * value;
      weight = decay * weight + (1 - decay);
    }
    smoothed[i] = weight > 0 ? sum / weight : null;
  }
  return smoothed;
}

/** Losses as uPlot takes them: null where there is none. */
export function gaps(values: ArrayLike<number>): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}
