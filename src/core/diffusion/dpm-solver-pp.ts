/** @file DPM-Solver++(2M): extrapolates the picture from its last two predictions (arXiv 2211.01095, algorithm 2). */
import { mix } from "./mix.ts";
import { cleanWeights } from "./prediction.ts";
import type { Sampler } from "./sampler.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";
import { sigmasAt } from "./sigmas.ts";
import { spacedTimesteps } from "./timesteps.ts";

/**
 * diffusers' schedulers/scheduling_dpmsolver_multistep.py as it is by default: order 2, midpoint, ending at sigma 0.
 * There the logarithm of the signal-to-noise ratio is infinite, which is why the last step is of first order.
 */
export function createDpmSolverPp(config: SchedulerConfig, steps: number): Sampler {
  const spacing = config.timestepSpacing ?? "linspace";
  // Where the spacing would end at a timestep almost without noise, one more is picked and that one left out.
  const timesteps =
    spacing === "trailing"
      ? spacedTimesteps(config, spacing, steps)
      : spacedTimesteps(config, spacing, steps + 1).slice(0, -1);
  const sigmas = sigmasAt(config, timesteps);
  /** √ᾱ. */
  const alpha = (call: number) => 1 / Math.sqrt(sigmas[call]! ** 2 + 1);

  const predictClean: Sampler["predictClean"] = (prediction, call, latents) => {
    const weights = cleanWeights(config.predictionType, alpha(call), sigmas[call]! * alpha(call));
    return mix([weights.latents, latents], [weights.prediction, prediction]);
  };
  let previous: Float32Array = new Float32Array();
  return {
    timesteps,
    initialNoiseSigma: 1,
    scaleInput: (latents) => latents,
    predictClean,
    step(prediction, call, latents) {
      const from = sigmas[call]!;
      const to = sigmas[call + 1]!;
      const keep = (to * alpha(call + 1)) / (from * alpha(call));
      const towards = alpha(call + 1) * (1 - to / from);

      const clean = predictClean(prediction, call, latents);
      // h / 2 h_0, the steps in log(1 / sigma).
      const beyond =
        call === 0 || call === steps - 1
          ? 0
          : Math.log(from / to) / (2 * Math.log(sigmas[call - 1]! / from));
      const next = mix(
        [keep, latents],
        [towards * (1 + beyond), clean],
        ...(beyond > 0 ? [[-towards * beyond, previous] as const] : []),
      );
      previous = clean;
      return next;
    },
  };
}
