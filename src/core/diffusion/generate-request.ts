/** @file What is asked of the sampler, and what of it cannot be. */
import { type SamplerName, SAMPLERS } from "./sampler.ts";
import { StudioError } from "../errors.ts";

export interface GenerateRequest {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly sampler: SamplerName;
  /** Denoising steps. */
  readonly steps: number;
  /** Scale of classifier-free guidance (Ho & Salimans, arXiv 2207.12598); 1 samples from the prompt alone. */
  readonly guidance: number;
  /** Share of DDPM's noise in DDIM; 0 is deterministic. */
  readonly eta: number;
  /** One an image. */
  readonly seeds: readonly number[];
  /** Images sampled together. */
  readonly batch: number;
}

const MAX_IMAGES = 10_000;

/** @throws StudioError "invalid-input" naming the first setting that cannot be */
export function checkRequest({ guidance, seeds, batch, sampler }: GenerateRequest): void {
  const refuse = (sentence: string): never => {
    throw new StudioError("invalid-input", sentence);
  };
  if (!SAMPLERS.includes(sampler)) {
    refuse(`There is no sampler "${sampler}"; choose one of ${SAMPLERS.join(", ")}.`);
  }
  if (!(guidance >= 0 && guidance <= 100)) {
    refuse(`The guidance scale must be a number from 0 to 100, not ${guidance}.`);
  }
  if (seeds.length < 1 || seeds.length > MAX_IMAGES) {
    refuse(`The number of images must be from 1 to ${MAX_IMAGES}, not ${seeds.length}.`);
  }
  const wrong = seeds.find((seed) => !Number.isInteger(seed) || seed < 0 || seed > 0xffffffff);
  if (wrong !== undefined) {
    refuse(`A seed must be a whole number from 0 to 4294967295, not ${wrong}.`);
  }
  if (!Number.isInteger(batch) || batch < 1 || batch > 64) {
    refuse(
      `The number of images sampled together must be a whole number from 1 to 64, not ${batch}.`,
    );
  }
}
