/**
 * @file The configurations of a single file, which has none of its own: what its tensors' shapes say, and for the rest
 * what Stable Diffusion 1.x and 2.x are published with.
 */
import { StudioError } from "../errors.ts";
import { hasOpenClip } from "./checkpoint.ts";
import type { Config } from "./config-reader.ts";
import { LDM_CLIP, LDM_OPEN_CLIP, LDM_UNET, LDM_VAE } from "./ldm-names.ts";
import {
  SD1_TEXT_ENCODER,
  SD1_UNET,
  SD2_TEXT_ENCODER,
  SD2_UNET,
  SD_SCHEDULER,
  SD_VAE,
} from "./published-configs.ts";
import type { StoredTensors } from "./weights.ts";

export interface CheckpointConfigs {
  readonly unet: Config;
  readonly textEncoder: Config;
  readonly vae: Config;
  readonly scheduler: Config;
}

/** What no tensor says. */
export interface CheckpointOptions {
  /**
   * Whether the model predicts the noise or "v". Stable Diffusion 1.x predicts the noise; of 2.x there are both, alike
   * tensor for tensor: taken to be v, as the models for 768 px are (2-v, 2.1-v), unless it is said.
   */
  readonly prediction?: "epsilon" | "v_prediction";
  /** Pixels of a side: 512, and 768 for v. */
  readonly pixels?: number;
}

const PIXELS_PER_LATENT = 8;
/** Width of a head in Stable Diffusion 2.x; 1.x has 8 heads of any width. */
const HEAD_WIDTH = 64;
/** Of CLIP's text encoders. */
const TEXT_HEAD_WIDTH = 64;

/**
 * @param name of the file, in errors
 * @throws StudioError "model-unsupported" where it is another kind of model
 */
export function checkpointConfigs(
  tensors: StoredTensors,
  name: string,
  options: CheckpointOptions = {},
): CheckpointConfigs {
  refuseOthers(tensors, name);
  const second = hasOpenClip(tensors);
  const prediction = options.prediction ?? (second ? "v_prediction" : "epsilon");
  const pixels = options.pixels ?? (prediction === "v_prediction" ? 768 : 512);
  const shapes = new Shapes(tensors);
  return {
    unet: { ...unetConfig(shapes, second), sample_size: pixels / PIXELS_PER_LATENT },
    textEncoder: textConfig(shapes, second),
    vae: vaeConfig(shapes),
    scheduler: { ...SD_SCHEDULER, prediction_type: prediction },
  };
}

function refuseOthers(tensors: StoredTensors, name: string): void {
  const names = [...tensors.keys()];
  const has = (start: string): boolean => names.some((one) => one.startsWith(start));
  const channels = tensors.get(`${LDM_UNET}input_blocks.0.0.weight`)?.dims[1];
  const is = (what: string): StudioError =>
    new StudioError(
      "model-unsupported",
      `"${name}" is ${what}; the studio works with the text-to-image models of Stable Diffusion 1.x and 2.x.`,
    );
  if (has("conditioner.embedders.") || has(`${LDM_UNET}label_emb.`)) {
    throw is("a Stable Diffusion XL model");
  }
  if (has(`${LDM_UNET}joint_blocks.`)) throw is("a Stable Diffusion 3 model");
  if (has(`${LDM_UNET}double_blocks.`) || has("double_blocks.")) throw is("a Flux model");
  if (channels === 9) throw is("an inpainting model, whose UNet reads a mask as well");
  if (channels === 8) throw is("a model that edits pictures, whose UNet reads one as well");
  if (channels !== 4) {
    const lora = names.some((one) => /lora/i.test(one));
    throw is(lora ? "a LoRA, not a model" : "no model in one file");
  }
  const parts = [
    ["text encoder", has(LDM_CLIP) || has(LDM_OPEN_CLIP)],
    ["VAE", has(LDM_VAE)],
  ] as const;
  const missing = parts.find(([, there]) => !there);
  if (missing === undefined) return;
  throw new StudioError(
    "model-unsupported",
    `"${name}" has no ${missing[0]} in it; choose a file that has UNet, text encoder and VAE together.`,
  );
}

class Shapes {
  private readonly tensors: StoredTensors;

  constructor(tensors: StoredTensors) {
    this.tensors = tensors;
  }

  /** A dim of a tensor; 0 where there is none. */
  dim(name: string, axis: number): number {
    return this.tensors.get(name)?.dims[axis] ?? 0;
  }

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  rank(name: string): number {
    return this.tensors.get(name)?.dims.length ?? 0;
  }

  /** How many numbers from 0 on `name` gives a tensor for. */
  count(name: (i: number) => string): number {
    let i = 0;
    while (this.has(name(i))) i++;
    return i;
  }
}

function unetConfig(shapes: Shapes, second: boolean): Config {
  const at = (side: string, i: number, rest: string): string =>
    `${LDM_UNET}${side}_blocks.${i}.${rest}`;
  const attention = "1.transformer_blocks.0.attn2.to_k.weight";
  const channels: number[] = [];
  const attends: boolean[] = [];
  // Before the first downsampler, besides conv_in.
  let layers = 0;
  let open = true;
  for (let i = 1; ; i++) {
    if (shapes.has(at("input", i, "0.op.weight"))) {
      if (channels.length === 1) layers = i - 1;
      open = true;
      continue;
    }
    const width = shapes.dim(at("input", i, "0.in_layers.2.weight"), 0);
    if (width === 0) break;
    if (open) {
      channels.push(width);
      attends.push(shapes.has(at("input", i, attention)));
    }
    open = false;
  }
  const levels = channels.length;
  const projection = attends[0] === true ? at("input", 1, "1.proj_in.weight") : "";
  const up = channels.map((_, i) => shapes.has(at("output", i * (layers + 1), attention)));
  const published = second ? SD2_UNET : SD1_UNET;
  return {
    ...published,
    block_out_channels: channels,
    layers_per_block: layers,
    cross_attention_dim: shapes.dim(`${LDM_UNET}middle_block.${attention}`, 1),
    down_block_types: attends.map((does) => (does ? "CrossAttnDownBlock2D" : "DownBlock2D")),
    up_block_types: up.map((does) => (does ? "CrossAttnUpBlock2D" : "UpBlock2D")),
    use_linear_projection: shapes.rank(projection) === 2,
    attention_head_dim: second ? channels.map((width) => width / HEAD_WIDTH) : 8,
    ...(levels === 0 && { block_out_channels: null }),
  };
}

function textConfig(shapes: Shapes, second: boolean): Config {
  if (second) {
    const width = shapes.dim(`${LDM_OPEN_CLIP}positional_embedding`, 1);
    const block = (i: number): string => `${LDM_OPEN_CLIP}transformer.resblocks.${i}.`;
    return {
      ...SD2_TEXT_ENCODER,
      hidden_size: width,
      num_attention_heads: width / TEXT_HEAD_WIDTH,
      intermediate_size: shapes.dim(`${block(0)}mlp.c_fc.weight`, 0),
      // All but the last one.
      num_hidden_layers: shapes.count((i) => `${block(i)}mlp.c_fc.weight`) - 1,
      max_position_embeddings: shapes.dim(`${LDM_OPEN_CLIP}positional_embedding`, 0),
      vocab_size: shapes.dim(`${LDM_OPEN_CLIP}token_embedding.weight`, 0),
    };
  }
  const inner = `${LDM_CLIP}text_model.`;
  const base = shapes.has(`${inner}final_layer_norm.weight`) ? inner : LDM_CLIP;
  const width = shapes.dim(`${base}final_layer_norm.weight`, 0);
  const layer = (i: number): string => `${base}encoder.layers.${i}.mlp.fc1.weight`;
  return {
    ...SD1_TEXT_ENCODER,
    hidden_size: width,
    num_attention_heads: width / TEXT_HEAD_WIDTH,
    intermediate_size: shapes.dim(layer(0), 0),
    num_hidden_layers: shapes.count(layer),
    max_position_embeddings: shapes.dim(`${base}embeddings.position_embedding.weight`, 0),
    vocab_size: shapes.dim(`${base}embeddings.token_embedding.weight`, 0),
  };
}

function vaeConfig(shapes: Shapes): Config {
  const conv = (level: number, layer: number): string =>
    `${LDM_VAE}encoder.down.${level}.block.${layer}.conv1.weight`;
  const levels = shapes.count((level) => conv(level, 0));
  const channels = Array.from({ length: levels }, (_, level) => shapes.dim(conv(level, 0), 0));
  return {
    ...SD_VAE,
    block_out_channels: channels,
    down_block_types: channels.map(() => "DownEncoderBlock2D"),
    up_block_types: channels.map(() => "UpDecoderBlock2D"),
    layers_per_block: shapes.count((layer) => conv(0, layer)),
  };
}
