/** @file The two halves of the VAE (diffusers' AutoencoderKL) as graphs, from its configuration and weights. */
import type { Graph } from "../onnx/graph.ts";
import { type Config, ConfigReader } from "./config-reader.ts";
import { attention, conv, groupNorm, linear, rowsOf, silu } from "./layers.ts";
import { Module } from "./module.ts";
import { downsample, residual, upsample } from "./residual.ts";
import type { Weights } from "./weights.ts";

interface VaeConfig {
  readonly imageChannels: number;
  readonly latentChannels: number;
  /** Of each level, from the image inwards. */
  readonly channels: readonly number[];
  readonly layers: number;
  readonly groups: number;
  readonly attends: boolean;
  readonly quantConv: boolean;
  readonly postQuantConv: boolean;
}

/** Of the VAE's norms, whatever its configuration says. */
const EPSILON = 1e-6;

/** The VAE's strided convolutions have one row and column of zeros behind the image, none before it. */
const BEHIND = [0, 0, 1, 1] as const;

/**
 * Input sample [B, 3, H, W] in [-1, 1]; output latent_parameters [B, 8, H / 8, W / 8]: mean and log-variance.
 * @throws StudioError "model-unsupported" that names the key of the configuration, and whatever `weights` throws
 */
export function vaeEncoderGraph(config: Config, weights: Weights): Graph {
  const settings = readVaeConfig(config);
  const { imageChannels, latentChannels, channels, layers, groups } = settings;
  const root = Module.root(weights);
  const at = root.at("encoder");
  const [first = 0] = channels;
  const last = channels.at(-1) ?? first;
  const sample = root.input("sample", "float32", ["batch_size", imageChannels, "height", "width"]);
  let x = conv(at.at("conv_in"), sample, { from: imageChannels, to: first, kernel: 3 });
  channels.forEach((to, i) => {
    const block = at.at(`down_blocks.${i}`);
    for (let layer = 0; layer < layers; layer++) {
      const from = layer > 0 ? to : (channels[i - 1] ?? first);
      x = residual(block.at(`resnets.${layer}`), x, { from, to, groups, epsilon: EPSILON });
    }
    if (i < channels.length - 1) x = downsample(block, x, to, BEHIND);
  });
  x = middle(at.at("mid_block"), x, last, settings);
  const parameters = 2 * latentChannels;
  x = conv(at.at("conv_out"), normed(at, x, last, groups), {
    from: last,
    to: parameters,
    kernel: 3,
  });
  if (settings.quantConv) {
    x = conv(root.at("quant_conv"), x, { from: parameters, to: parameters, kernel: 1 });
  }
  return root.finish(x, "latent_parameters", [
    "batch_size",
    parameters,
    "latent_height",
    "latent_width",
  ]);
}

/** Input latent_sample [B, 4, H / 8, W / 8], output sample [B, 3, H, W]. Throws as the other half does. */
export function vaeDecoderGraph(config: Config, weights: Weights): Graph {
  const settings = readVaeConfig(config);
  const { imageChannels, latentChannels, layers, groups } = settings;
  const root = Module.root(weights);
  const at = root.at("decoder");
  const channels = settings.channels.toReversed();
  const [first = 0] = channels;
  const last = channels.at(-1) ?? first;
  let x = root.input("latent_sample", "float32", [
    "batch_size",
    latentChannels,
    "latent_height",
    "latent_width",
  ]);
  if (settings.postQuantConv) {
    x = conv(root.at("post_quant_conv"), x, {
      from: latentChannels,
      to: latentChannels,
      kernel: 1,
    });
  }
  x = conv(at.at("conv_in"), x, { from: latentChannels, to: first, kernel: 3 });
  x = middle(at.at("mid_block"), x, first, settings);
  channels.forEach((to, i) => {
    const block = at.at(`up_blocks.${i}`);
    for (let layer = 0; layer <= layers; layer++) {
      const from = layer > 0 ? to : (channels[i - 1] ?? first);
      x = residual(block.at(`resnets.${layer}`), x, { from, to, groups, epsilon: EPSILON });
    }
    if (i < channels.length - 1) x = upsample(block, x, to);
  });
  x = conv(at.at("conv_out"), normed(at, x, last, groups), {
    from: last,
    to: imageChannels,
    kernel: 3,
  });
  return root.finish(x, "sample", ["batch_size", imageChannels, "height", "width"]);
}

function readVaeConfig(config: Config, path = "vae/config.json"): VaeConfig {
  const read = new ConfigReader(config, path);
  read.only("_class_name", "AutoencoderKL");
  read.only("act_fn", "silu", "swish");
  read.only("latent_channels", 4);
  read.only("shift_factor");
  read.only("latents_mean");
  read.only("latents_std");
  const channels = read.list("block_out_channels");
  const down = read.choices("down_block_types", ["DownEncoderBlock2D"]);
  const up = read.choices("up_block_types", ["UpDecoderBlock2D"]);
  if (down.length !== channels.length) throw read.unknown("down_block_types", `${channels.length}`);
  if (up.length !== channels.length) throw read.unknown("up_block_types", `${channels.length}`);
  const groups = read.count("norm_num_groups", 32);
  for (const width of channels) {
    if (width % groups !== 0) throw read.unknown("norm_num_groups", `a divisor of ${width}`);
  }
  read.only("in_channels", 3);
  read.only("out_channels", 3);
  return {
    imageChannels: 3,
    latentChannels: 4,
    channels,
    layers: read.count("layers_per_block", 1),
    groups,
    attends: read.flag("mid_block_add_attention", true),
    quantConv: read.flag("use_quant_conv", true),
    postQuantConv: read.flag("use_post_quant_conv", true),
  };
}

function middle(at: Module, x: string, channels: number, { groups, attends }: VaeConfig): string {
  const settings = { from: channels, to: channels, groups, epsilon: EPSILON };
  const before = residual(at.at("resnets.0"), x, settings);
  const attended = attends
    ? selfAttention(at.at("attentions.0"), before, channels, groups)
    : before;
  return residual(at.at("resnets.1"), attended, settings);
}

/** One head over all places of the image, beside a shortcut. */
function selfAttention(at: Module, x: string, channels: number, groups: number): string {
  const widths = { from: channels, to: channels };
  const plain = groupNorm(at.at("group_norm"), x, { channels, groups, epsilon: EPSILON });
  const { rows, back } = rowsOf(at, plain, channels);
  const projected = (name: string): string => linear(at.at(name), rows, widths);
  const mixed = attention(at, {
    heads: 1,
    size: channels,
    queries: projected("to_q"),
    keys: projected("to_k"),
    values: projected("to_v"),
  });
  return at.op("Add", [back(linear(at.at("to_out.0"), mixed, widths)), x]);
}

function normed(at: Module, x: string, channels: number, groups: number): string {
  return silu(at, groupNorm(at.at("conv_norm_out"), x, { channels, groups, epsilon: EPSILON }));
}
