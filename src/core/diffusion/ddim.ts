/** @file DDIM: steps along the predicted noise, with as much fresh noise as asked for (arXiv 2010.02502). */
import { mix } from "./mix.ts";
import { alphasCumprod } from "./noise-schedule.ts";
import { cleanWeights, noiseWeights } from "./prediction.ts";
import type { Sampler } from "./sampler.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";
import { spacedTimesteps } from "./timesteps.ts";

/** Equations 12 and 16, as in diffusers' schedulers/scheduling_ddim.py; `eta` lies in [0, 1]. */
export function createDdim(config: SchedulerConfig, steps: number, eta: number): Sampler {
  const alphas = alphasCumprod(config);
  const timesteps = spacedTimesteps(config, config.timestepSpacing ?? "leading", steps);
  // One stride whatever the spacing: where "linspace" has another, diffusers steps past its own timesteps, and so here.
  const stride = Math.floor(config.numTrainTimesteps / steps);
  const finalAlpha = (config.setAlphaToOne ?? true) ? 1 : alphas[0]!;

  const clean = (call: number) => {
    const alpha = alphas[timesteps[call]!]!;
    return cleanWeights(config.predictionType, Math.sqrt(alpha), Math.sqrt(1 - alpha));
  };
  return {
    timesteps,
    initialNoiseSigma: 1,
    scaleInput: (latents) => latents,
    predictClean(prediction, call, latents) {
      const picture = clean(call);
      return mix([picture.latents, latents], [picture.prediction, prediction]);
    },
    step(prediction, call, latents, noise) {
      const timestep = timesteps[call]!;
      const alpha = alphas[timestep]!;
      const next = timestep >= stride ? alphas[timestep - stride]! : finalAlpha;
      const variance = eta ** 2 * ((1 - next) / (1 - alpha)) * (1 - alpha / next);
      const toPicture = Math.sqrt(next);
      const toNoise = Math.sqrt(1 - next - variance);

      const picture = clean(call);
      const predicted = noiseWeights(config.predictionType, Math.sqrt(alpha), Math.sqrt(1 - alpha));
      return mix(
        [toPicture * picture.latents + toNoise * predicted.latents, latents],
        [toPicture * picture.prediction + toNoise * predicted.prediction, prediction],
        ...(variance > 0 ? [[Math.sqrt(variance), noise()] as const] : []),
      );
    },
  };
}
