/** @file Euler's method with ancestral noise: each step goes below its noise level and adds fresh noise up to it. */
import { mix } from "./mix.ts";
import { cleanWeights } from "./prediction.ts";
import type { Sampler } from "./sampler.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";
import { sigmasAt } from "./sigmas.ts";
import { spacedTimesteps } from "./timesteps.ts";

/**
 * As in diffusers' schedulers/scheduling_euler_ancestral_discrete.py, after k-diffusion's sample_euler_ancestral.
 * Latents are x_0 + sigma · ε here, and scaled down for the UNet.
 */
export function createEulerAncestral(config: SchedulerConfig, steps: number): Sampler {
  const spacing = config.timestepSpacing ?? "linspace";
  const timesteps = spacedTimesteps(config, spacing, steps, Math.fround);
  const sigmas = sigmasAt(config, timesteps);
  const first = sigmas[0]!;

  /** What the UNet's latents are of these: its own have the variance of pictures at every noise level. */
  const inputScale = (sigma: number) => 1 / Math.sqrt(sigma ** 2 + 1);
  const clean = (call: number) => {
    const sigma = sigmas[call]!;
    const scale = inputScale(sigma);
    const { latents, prediction } = cleanWeights(config.predictionType, scale, sigma * scale);
    return { latents: latents * scale, prediction };
  };
  return {
    timesteps,
    initialNoiseSigma: spacing === "leading" ? Math.sqrt(first ** 2 + 1) : first,
    scaleInput: (latents, call) => mix([inputScale(sigmas[call]!), latents]),
    predictClean(prediction, call, latents) {
      const picture = clean(call);
      return mix([picture.latents, latents], [picture.prediction, prediction]);
    },
    step(prediction, call, latents, noise) {
      const from = sigmas[call]!;
      const to = sigmas[call + 1]!;
      const down = to ** 2 / from;
      const up = to * Math.sqrt(1 - (to / from) ** 2);
      // The line from the latents to the picture, as far as the noise level `down`.
      const left = down / from;
      const picture = clean(call);
      return mix(
        [left + (1 - left) * picture.latents, latents],
        [(1 - left) * picture.prediction, prediction],
        ...(up > 0 ? [[up, noise()] as const] : []),
      );
    },
  };
}
