/** @file A model as a folder of diffusers' safetensors, in memory: the default one's weights, or the nano one's. */
import type { ModelFiles } from "../../src/hub/model-files.ts";
import { writeSafetensors } from "../../src/core/tensor/safetensors-write.ts";
import { defaultWeights, type DiffusersPart } from "./default-diffusers.ts";
import { readFixture } from "./fixture.ts";
import { nanoConfig, nanoWeights } from "./nano-diffusers.ts";

const PARTS: readonly DiffusersPart[] = ["unet", "text_encoder", "vae"];

const DEFAULT_CONFIGS: Readonly<Record<DiffusersPart, string>> = {
  unet: "unet/config.json",
  text_encoder: "text_encoder/config.json",
  vae: "vae_decoder/config.json",
};

/** Files that the nano model shares with the default one: same vocabulary, same noise schedule. */
const SHARED = [
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  "scheduler/scheduler_config.json",
  "studio.json",
] as const;

const fileOf = (part: DiffusersPart, variant: "" | ".fp16"): string => {
  const stem = part === "text_encoder" ? "model" : "diffusion_pytorch_model";
  return `${part}/${stem}${variant}.safetensors`;
};

async function sharedFiles(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const path of SHARED) files.set(path, await readFixture(`public/models/toybox-256/${path}`));
  return files;
}

/** The default model: float16, as its files are named then. */
export async function defaultDiffusersFiles(): Promise<Map<string, Uint8Array>> {
  const files = await sharedFiles();
  for (const part of PARTS) {
    const config = await readFixture(`public/models/toybox-256/${DEFAULT_CONFIGS[part]}`);
    files.set(`${part}/config.json`, config);
    files.set(fileOf(part, ".fp16"), writeSafetensors(await defaultWeights(part)));
  }
  return files;
}

/** The nano model: float32. */
export async function nanoDiffusersFiles(): Promise<Map<string, Uint8Array>> {
  const files = await sharedFiles();
  for (const part of PARTS) {
    const config = JSON.stringify(await nanoConfig(part));
    files.set(`${part}/config.json`, new TextEncoder().encode(config));
    files.set(fileOf(part, ""), writeSafetensors(await nanoWeights(part)));
  }
  return files;
}

/** As the engine reads them. */
export function filesOf(files: ReadonlyMap<string, Uint8Array>): ModelFiles {
  return {
    read: (path) => Promise.resolve(files.get(path) ?? null),
    range: (path, offset, length) =>
      Promise.resolve(files.get(path)?.subarray(offset, offset + length) ?? null),
  };
}
