/** @file The forward process: how much of a picture is left at each timestep, and what a UNet is trained to predict there. */
import { mix } from "./mix.ts";
import type { PredictionType, SchedulerConfig } from "./scheduler-config.ts";

/**
 * ᾱ_t = Π_{s ≤ t} (1 - β_s), [T]. Rounded to float32 wherever diffusers rounds (schedulers/scheduling_ddpm.py): 1 - ᾱ
 * of the first timesteps is a small difference, and models were trained on the rounded one.
 */
export function alphasCumprod(config: SchedulerConfig): Float64Array {
  const cumulative = cumulativeProduct(betas(config).map((beta) => 1 - Math.fround(beta)));
  return config.rescaleBetasZeroSnr ? zeroTerminalSnr(cumulative) : cumulative;
}

/** x_t = √ᾱ x_0 + √(1 - ᾱ) ε, latents and noise in arrays of one length (arXiv 2006.11239, equation 4). */
export function addNoise(
  clean: Float32Array,
  noise: Float32Array,
  alphaCumprod: number,
): Float32Array {
  return mix([Math.sqrt(alphaCumprod), clean], [Math.sqrt(1 - alphaCumprod), noise]);
}

/** What the UNet is to predict from x_t: ε itself, or v = √ᾱ ε - √(1 - ᾱ) x_0 (arXiv 2202.00512, appendix D). */
export function trainingTarget(
  clean: Float32Array,
  noise: Float32Array,
  alphaCumprod: number,
  predictionType: PredictionType,
): Float32Array {
  if (predictionType === "epsilon") return noise;
  return mix([Math.sqrt(alphaCumprod), noise], [-Math.sqrt(1 - alphaCumprod), clean]);
}

function betas(config: SchedulerConfig): readonly number[] {
  const { numTrainTimesteps: count, betaStart, betaEnd } = config;
  if (config.trainedBetas !== null) return config.trainedBetas;
  const every = (beta: (i: number) => number) => Array.from({ length: count }, (_, i) => beta(i));
  switch (config.betaSchedule) {
    case "linear":
      return every((i) => between(betaStart, betaEnd, i, count));
    case "scaled_linear":
      return every((i) => between(Math.sqrt(betaStart), Math.sqrt(betaEnd), i, count) ** 2);
    case "squaredcos_cap_v2":
      return every((i) => Math.min(1 - cosine((i + 1) / count) / cosine(i / count), 0.999));
  }
}

/** The i-th of `count` evenly spaced numbers from `start` to `end`. */
function between(start: number, end: number, i: number, count: number): number {
  return start + ((end - start) * i) / (count - 1);
}

/** ᾱ of the cosine schedule at t of [0, 1] (arXiv 2102.09672, equation 17). */
function cosine(t: number): number {
  return Math.cos(((t + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
}

function cumulativeProduct(alphas: readonly number[]): Float64Array {
  let product = 1;
  return Float64Array.from(alphas, (alpha) => Math.fround((product *= Math.fround(alpha))));
}

/** √ᾱ shifted to end at 0 and scaled to begin where it began (arXiv 2305.08891, algorithm 1). */
function zeroTerminalSnr(cumulative: Float64Array): Float64Array {
  const first = Math.sqrt(cumulative[0]!);
  const last = Math.sqrt(cumulative.at(-1)!);
  return cumulative.map((alpha) => (((Math.sqrt(alpha) - last) * first) / (first - last)) ** 2);
}
