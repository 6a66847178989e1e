/** @file Medians and spreads of repeated times. */

export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  const half = (sorted.length - 1) / 2;
  const median = ((sorted[Math.floor(half)] ?? NaN) + (sorted[Math.ceil(half)] ?? NaN)) / 2;
  return { median, low: at(0), high: at(1) };
}

/** Spread of the ratio a/b of times taken in the same round, which a change of the machine's speed cancels in. */
export function ratios(a: readonly number[], b: readonly number[]): Spread {
  return spread(a.map((value, i) => value / (b[i] ?? NaN)));
}

export interface Exponent {
  /** a of t = c·x^a. */
  readonly value: number;
  /** Its standard error; NaN where two points leave nothing over. */
  readonly error: number;
  readonly factor: number;
}

/** Least squares of log t over log x. */
export function exponentOf(
  points: readonly { readonly x: number; readonly t: number }[],
): Exponent {
  const logs = points.map(({ x, t }) => [Math.log(x), Math.log(t)] as const);
  const mean = (of: 0 | 1): number => logs.reduce((sum, pair) => sum + pair[of], 0) / logs.length;
  const [x0, t0] = [mean(0), mean(1)];
  const sxx = logs.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
  const value = logs.reduce((sum, [x, t]) => sum + (x - x0) * (t - t0), 0) / sxx;
  const residual = logs.reduce((sum, [x, t]) => sum + (t - t0 - value * (x - x0)) ** 2, 0);
  const error = Math.sqrt(residual / (logs.length - 2) / sxx);
  return { value, error: logs.length > 2 ? error : NaN, factor: Math.exp(t0 - value * x0) };
}
