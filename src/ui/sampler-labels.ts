/** @file What the samplers are called on the page. */
import type { SamplerName } from "../core/diffusion/sampler.ts";

export const SAMPLER_LABELS: Readonly<Record<SamplerName, string>> = {
  "dpmpp-2m": "DPM++ 2M",
  ddim: "DDIM",
  pndm: "PNDM",
  "euler-a": "Euler ancestral",
};
