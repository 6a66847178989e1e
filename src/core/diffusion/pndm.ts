/** @file PNDM: pseudo linear multistep, which combines the last four predictions of one trajectory (arXiv 2202.09778). */
import { StudioError } from "../errors.ts";
import { mix } from "./mix.ts";
import { alphasCumprod } from "./noise-schedule.ts";
import { cleanWeights, noiseWeights } from "./prediction.ts";
import type { Sampler } from "./sampler.ts";
import type { SchedulerConfig } from "./scheduler-config.ts";
import { spacedTimesteps } from "./timesteps.ts";

/** Adams-Bashforth weights by how many predictions there are, the latest first (equation 12 has the last). */
const MULTISTEP = [
  [1],
  [3 / 2, -1 / 2],
  [23 / 12, -16 / 12, 5 / 12],
  [55 / 24, -59 / 24, 37 / 24, -9 / 24],
] as const;

/**
 * PLMS as Stable Diffusion runs it: diffusers' schedulers/scheduling_pndm.py with skip_prk_steps. The first step is
 * taken a second time, with the mean of the predictions at both its ends, so that there is one call more than steps.
 * @throws StudioError "invalid-input" where the schedule starts in pure noise, which the method divides by
 */
export function createPndm(config: SchedulerConfig, steps: number): Sampler {
  if (config.rescaleBetasZeroSnr) {
    throw new StudioError(
      "invalid-input",
      "The sampler pndm cannot start from pure noise, as this model does (rescale_betas_zero_snr); choose ddim, euler-a or dpmpp-2m.",
    );
  }
  const alphas = alphasCumprod(config);
  const spaced = spacedTimesteps(config, config.timestepSpacing ?? "leading", steps);
  const timesteps = [...spaced.slice(0, 2), ...spaced.slice(1)];
  const stride = Math.floor(config.numTrainTimesteps / steps);
  const finalAlpha = (config.setAlphaToOne ?? false) ? 1 : alphas[0]!;

  /** Equation 9, from one timestep to the one a stride below. */
  const transfer = (prediction: Float32Array, latents: Float32Array, timestep: number) => {
    const alpha = alphas[timestep]!;
    const next = timestep >= stride ? alphas[timestep - stride]! : finalAlpha;
    const divisor = alpha * Math.sqrt(1 - next) + Math.sqrt(alpha * (1 - alpha) * next);
    const along = -(next - alpha) / divisor;
    const noise = noiseWeights(config.predictionType, Math.sqrt(alpha), Math.sqrt(1 - alpha));
    return mix(
      [Math.sqrt(next / alpha) + along * noise.latents, latents],
      [along * noise.prediction, prediction],
    );
  };

  let start: Float32Array = new Float32Array();
  /** Copies, the latest first: whoever runs the UNet may reuse its buffers. */
  let history: readonly Float32Array[] = [];
  return {
    timesteps,
    initialNoiseSigma: 1,
    scaleInput: (latents) => latents,
    predictClean(prediction, call, latents) {
      const alpha = alphas[timesteps[call]!]!;
      const clean = cleanWeights(config.predictionType, Math.sqrt(alpha), Math.sqrt(1 - alpha));
      return mix([clean.latents, latents], [clean.prediction, prediction]);
    },
    step(prediction, call, latents) {
      const timestep = timesteps[call]!;
      if (call === 1) {
        const mean = mix([1 / 2, prediction], [1 / 2, history[0]!]);
        return transfer(mean, start, timestep + stride);
      }
      if (call === 0) {
        start = latents.slice();
        history = [];
      }
      history = [prediction.slice(), ...history.slice(0, 3)];
      const weights = MULTISTEP[history.length - 1]!;
      return transfer(mix(...weights.map((w, i) => [w, history[i]!] as const)), latents, timestep);
    },
  };
}
