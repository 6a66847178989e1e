/** @file Models that need no files: the configurations of Stable Diffusion as published, and the same made small. */
import type { Config } from "../../src/core/build/config-reader.ts";
import {
  SD1_TEXT_ENCODER,
  SD1_UNET,
  SD2_TEXT_ENCODER,
  SD2_UNET,
  SD_SCHEDULER,
  SD_VAE,
} from "../../src/core/build/published-configs.ts";

export const FULL_SIZE_MODELS = ["sd15", "sd21", "nano"] as const;
export type FullSizeName = (typeof FULL_SIZE_MODELS)[number];

export interface FullSizeModel {
  /** What people call it. */
  readonly title: string;
  readonly unet: Config;
  readonly text: Config;
  readonly vae: Config;
  readonly scheduler: Config;
}

export const MODELS: Readonly<Record<FullSizeName, FullSizeModel>> = {
  sd15: {
    title: "Stable Diffusion 1.5",
    unet: SD1_UNET,
    text: SD1_TEXT_ENCODER,
    vae: SD_VAE,
    scheduler: SD_SCHEDULER,
  },
  sd21: {
    title: "Stable Diffusion 2.1",
    unet: SD2_UNET,
    text: SD2_TEXT_ENCODER,
    vae: SD_VAE,
    scheduler: { ...SD_SCHEDULER, prediction_type: "v_prediction" },
  },
  // To try the bench itself where there is no GPU.
  nano: {
    title: "Stable Diffusion 1.5 made small",
    unet: {
      ...SD1_UNET,
      block_out_channels: [32, 64, 64, 64],
      cross_attention_dim: 32,
      sample_size: 16,
    },
    text: {
      ...SD1_TEXT_ENCODER,
      hidden_size: 32,
      intermediate_size: 64,
      num_attention_heads: 4,
      num_hidden_layers: 2,
      vocab_size: 2086,
    },
    vae: { ...SD_VAE, block_out_channels: [32, 32, 32, 32], sample_size: 128 },
    scheduler: SD_SCHEDULER,
  },
};
