/** @file Samplers turn noise into latents, one UNet call after another; here they are chosen by name. */
import { StudioError } from "../errors.ts";
import { createDdim } from "./ddim.ts";
import { createDpmSolverPp } from "./dpm-solver-pp.ts";
import { createEulerAncestral } from "./euler-ancestral.ts";
import { createPndm } from "./pndm.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";

export const SAMPLERS = ["ddim", "pndm", "euler-a", "dpmpp-2m"] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/**
 * The way from noise to latents. Latents, predictions and noise are flat arrays of one length, of one image or several
 * that go the same way. Calls are made in order from 0; a sampler remembers earlier predictions, so that each
 * trajectory under way needs one of its own.
 */
export interface Sampler {
  /** What the UNet is told, one for each call of it; may be fractional, and PNDM has more than it was asked for. */
  readonly timesteps: readonly number[];
  /** Standard deviation of the initial noise, N(0, 1) numbers times this. */
  readonly initialNoiseSigma: number;
  /** What the UNet is given in this call, where that is not the latents themselves. */
  scaleInput(latents: Float32Array, call: number): Float32Array;
  /**
   * The latents after this call. `noise()`, fresh N(0, 1) numbers of the same length, is asked by stochastic samplers
   * only, at most once a call.
   */
  step(
    prediction: Float32Array,
    call: number,
    latents: Float32Array,
    noise: () => Float32Array,
  ): Float32Array;
  /** The clean latents x_0 that this call's prediction stands for, for a preview. */
  predictClean(prediction: Float32Array, call: number, latents: Float32Array): Float32Array;
}

export interface SamplerOptions {
  /** DDIM alone: the share of fresh noise in each step, from 0 (none, the default) to 1 (as much as DDPM). */
  readonly eta?: number | undefined;
}

/**
 * A sampler of `steps` steps, numerically that of diffusers 0.42 when created from the same scheduler_config.json.
 * @throws StudioError "invalid-input" where the name, `steps` or `eta` make no sense or do not go together
 */
export function createSampler(
  name: SamplerName,
  config: SchedulerConfig,
  steps: number,
  options: SamplerOptions = {},
): Sampler {
  if (!SAMPLERS.includes(name)) {
    throw invalid(`There is no sampler "${name}"; choose one of ${SAMPLERS.join(", ")}.`);
  }
  if (!Number.isInteger(steps) || steps < 1 || steps > config.numTrainTimesteps) {
    throw invalid(
      `A sampler takes a whole number of steps from 1 to ${config.numTrainTimesteps}, not ${steps}.`,
    );
  }
  const { eta } = options;
  if (eta !== undefined && name !== "ddim") {
    throw invalid(`The sampler ${name} has no eta; leave it out, or choose ddim.`);
  }
  if (eta !== undefined && !(eta >= 0 && eta <= 1)) {
    throw invalid(`DDIM's eta is a number from 0 to 1, not ${eta}.`);
  }
  switch (name) {
    case "ddim":
      return createDdim(config, steps, eta ?? 0);
    case "pndm":
      return createPndm(config, steps);
    case "euler-a":
      return createEulerAncestral(config, steps);
    case "dpmpp-2m":
      return createDpmSolverPp(config, steps);
  }
}

function invalid(message: string): StudioError {
  return new StudioError("invalid-input", message);
}
