/** @file Weights in one file, named as latent-diffusion does (tests/reference/ldm-names.json, checked by diffusers' converter). */
import type { SafetensorsEntry } from "../../src/core/tensor/safetensors.ts";
import type { DiffusersPart } from "./default-diffusers.ts";
import { readFixture } from "./fixture.ts";
import { nanoWeights } from "./nano-diffusers.ts";

type Names = Readonly<Record<DiffusersPart, Readonly<Record<string, string>>>>;

/** By diffusers' name. */
export async function ldmNames(): Promise<Names> {
  const text = new TextDecoder().decode(await readFixture("tests/reference/ldm-names.json"));
  return JSON.parse(text) as Names;
}

/** The VAE's attention was made of 1 x 1 convolutions there. */
const CONVOLVED = /\.attn_1\.(?:q|k|v|proj_out)\.weight$/;

/** All of the nano model. */
export async function nanoCheckpoint(): Promise<Map<string, SafetensorsEntry>> {
  const names = await ldmNames();
  const tensors = new Map<string, SafetensorsEntry>();
  for (const part of ["unet", "text_encoder", "vae"] as const) {
    for (const [name, entry] of await nanoWeights(part)) {
      const renamed = names[part][name];
      if (renamed === undefined) throw new Error(`ldm-names.json lacks ${part} ${name}`);
      const dims = CONVOLVED.test(renamed) ? [...entry.dims, 1, 1] : entry.dims;
      tensors.set(renamed, { ...entry, dims });
    }
  }
  return tensors;
}
