/** @file The nano model as a model folder in memory: what a person's own model is to the engine. */
import type { ModelFiles } from "../../src/hub/model-files.ts";
import { readFixture } from "./fixture.ts";
import { nanoModel, type NanoPart, type NanoStyle } from "./nano.ts";

const PARTS: readonly NanoPart[] = ["unet", "text_encoder", "vae_encoder", "vae_decoder"];

/** Files that the nano model shares with the default one: same vocabulary, same noise schedule. */
const SHARED = [
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  "scheduler/scheduler_config.json",
  "studio.json",
] as const;

const UNET_CONFIG = {
  sample_size: 16,
  cross_attention_dim: 16,
  layers_per_block: 2,
  down_block_types: [
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "CrossAttnDownBlock2D",
    "DownBlock2D",
  ],
  up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
};

/**
 * Every file by its path.
 * @param changes JSON files in place of these
 */
export async function nanoFileMap(
  style: NanoStyle,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Map<string, Uint8Array>> {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
  const files = new Map<string, Uint8Array>([
    ["unet/config.json", json(UNET_CONFIG)],
    ["vae_decoder/config.json", json({ scaling_factor: 0.5 })],
  ]);
  for (const name of SHARED) {
    files.set(name, await readFixture(`public/models/toybox-256/${name}`));
  }
  for (const part of PARTS) {
    const { bytes, weights } = await nanoModel(style, part);
    files.set(`${part}/model.onnx`, bytes);
    files.set(`${part}/model.onnx.data`, weights);
  }
  for (const [name, value] of Object.entries(changes)) files.set(name, json(value));
  return files;
}

/** The same as the engine reads it. */
export async function nanoFiles(
  style: NanoStyle,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<ModelFiles> {
  const files = await nanoFileMap(style, changes);
  return {
    read: (path) => Promise.resolve(files.get(path) ?? null),
    range: (path, offset, length) =>
      Promise.resolve(files.get(path)?.subarray(offset, offset + length) ?? null),
  };
}
