/**
 * @file A model of Stable Diffusion 1.x's build with few channels and CLIP's whole vocabulary, from seeds: in one file, as
 * latent-diffusion names its tensors, and as a folder of diffusers.
 */
import { textEncoderGraph } from "../../src/core/build/text-encoder.ts";
import {
  SD1_TEXT_ENCODER,
  SD1_UNET,
  SD_SCHEDULER,
  SD_VAE,
} from "../../src/core/build/published-configs.ts";
import { unetGraph } from "../../src/core/build/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../../src/core/build/vae.ts";
import { parametersOf, type Weights } from "../../src/core/build/weights.ts";
import type { Config } from "../../src/core/build/config-reader.ts";
import type { SafetensorsEntry } from "../../src/core/tensor/safetensors.ts";
import { writeSafetensors } from "../../src/core/tensor/safetensors-write.ts";
import { type Dims, elementCount } from "../../src/core/tensor/shape.ts";
import { ldmNames } from "./checkpoint-files.ts";
import type { DiffusersPart } from "./default-diffusers.ts";
import { uniforms } from "./seeded.ts";

const SEED = 5;

const CONFIGS: Readonly<Record<DiffusersPart, Config>> = {
  unet: {
    ...SD1_UNET,
    block_out_channels: [32, 64, 64, 64],
    cross_attention_dim: 64,
    sample_size: 8,
  },
  text_encoder: {
    ...SD1_TEXT_ENCODER,
    hidden_size: 64,
    intermediate_size: 128,
    num_attention_heads: 1,
    num_hidden_layers: 2,
  },
  vae: { ...SD_VAE, block_out_channels: [32, 32, 32, 32], layers_per_block: 1 },
};

const BUILDERS: Readonly<Record<DiffusersPart, (config: Config, weights: Weights) => unknown>> = {
  unet: unetGraph,
  text_encoder: textEncoderGraph,
  vae: (config, weights) => [vaeEncoderGraph(config, weights), vaeDecoderGraph(config, weights)],
};

/** Norms leave variance as it is, other layers keep it about 1. */
function entry(name: string, dims: Dims): SafetensorsEntry {
  const u = uniforms(SEED, name);
  const isBias = name.endsWith(".bias");
  const isNorm = dims.length === 1 && !isBias;
  const scale = isBias ? 0.1 : isNorm ? 0.2 : Math.sqrt((3 * dims[0]!) / elementCount(dims));
  const values = Float32Array.from(
    { length: elementCount(dims) },
    (_, i) => (isNorm ? 1 : 0) + scale * (2 * u(i) - 1),
  );
  return { dtype: "float32", dims, bytes: new Uint8Array(values.buffer) };
}

const PARTS = ["unet", "text_encoder", "vae"] as const;

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

export interface SmallModel {
  readonly checkpoint: Uint8Array;
  /** All but the tokenizer, by path. */
  readonly folder: ReadonlyMap<string, Uint8Array>;
}

export async function smallModel(): Promise<SmallModel> {
  const names = await ldmNames();
  const all = new Map<string, SafetensorsEntry>();
  const folder = new Map([["scheduler/scheduler_config.json", json(SD_SCHEDULER)]]);
  for (const part of PARTS) {
    const parameters = parametersOf((weights) => BUILDERS[part](CONFIGS[part], weights));
    const own = new Map([...parameters].map(([name, dims]) => [name, entry(name, dims)]));
    const stem = part === "text_encoder" ? "model" : "diffusion_pytorch_model";
    folder.set(`${part}/config.json`, json(CONFIGS[part]));
    folder.set(`${part}/${stem}.safetensors`, writeSafetensors(own));
    for (const [name, tensor] of own) {
      const renamed = names[part][name];
      if (renamed === undefined) throw new Error(`ldm-names.json lacks ${part} ${name}`);
      all.set(renamed, tensor);
    }
  }
  return { checkpoint: writeSafetensors(all), folder };
}
