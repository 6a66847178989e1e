/** @file What a UNet's prediction says of the picture and of the noise: both are weighted sums of latents and prediction. */
import type { PredictionType } from "./scheduler-config.ts";

/** The weights of such a sum. */
export interface Weights {
  readonly latents: number;
  readonly prediction: number;
}

/** The picture x_0, where latents are alpha · x_0 + sigma · ε. */
export function cleanWeights(type: PredictionType, alpha: number, sigma: number): Weights {
  switch (type) {
    case "epsilon":
      return { latents: 1 / alpha, prediction: -sigma / alpha };
    case "v_prediction":
      return { latents: alpha, prediction: -sigma };
  }
}

/** The noise ε, where latents are alpha · x_0 + sigma · ε. */
export function noiseWeights(type: PredictionType, alpha: number, sigma: number): Weights {
  switch (type) {
    case "epsilon":
      return { latents: 0, prediction: 1 };
    case "v_prediction":
      return { latents: sigma, prediction: alpha };
  }
}
