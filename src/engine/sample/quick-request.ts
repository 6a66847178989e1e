/** @file Quick pictures that nobody chose the sampling of: regularisation images and previews of training. */
import type { GenerateRequest } from "../../core/diffusion/generate-request.ts";
import type { Model } from "../model/read-model.ts";

export function quickRequest(
  model: Model,
  prompt: string,
  seeds: readonly number[],
): GenerateRequest {
  return {
    prompt,
    negativePrompt: "",
    sampler: "dpmpp-2m",
    steps: 15,
    // Small models drift apart at the guidance that Stable Diffusion was made for.
    guidance: model.config.textWidth >= 768 ? 6 : 4.5,
    eta: 0,
    seeds,
    batch: 1,
  };
}
