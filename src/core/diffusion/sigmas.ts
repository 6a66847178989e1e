/** @file Noise levels as Euler and DPM-Solver++ count them: the noise's deviation where the picture has its full size. */
import { alphasCumprod } from "./noise-schedule.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";

/** Stands in for ᾱ = 0, whose sigma would be infinite; the number is diffusers'. */
const SMALLEST_ALPHA = 2 ** -24;

/** √((1 - ᾱ) / ᾱ) at each timestep, between whole ones interpolated, and 0 at the end; [timesteps + 1]. */
export function sigmasAt(config: SchedulerConfig, timesteps: readonly number[]): Float64Array {
  const sigmas = alphasCumprod(config).map((alpha) => {
    const positive = Math.max(alpha, SMALLEST_ALPHA);
    return Math.sqrt((1 - positive) / positive);
  });
  const interpolated = timesteps.map((timestep) => {
    const below = Math.floor(timestep);
    const sigma = sigmas[below]!;
    return timestep === below ? sigma : sigma + (sigmas[below + 1]! - sigma) * (timestep - below);
  });
  return Float64Array.of(...interpolated, 0);
}
