/** @file The UNet of Stable Diffusion 1.x and 2.x (diffusers' UNet2DConditionModel) as a graph, from its configuration and weights. */
import { int } from "../onnx/attributes.ts";
import type { Graph } from "../onnx/graph.ts";
import type { Config } from "./config-reader.ts";
import { conv, groupNorm, linearRows, silu } from "./layers.ts";
import { Module } from "./module.ts";
import { downsample, residual, upsample } from "./residual.ts";
import { transformer } from "./transformer.ts";
import { readUnetConfig, type UnetConfig, type UnetLevel } from "./unet-config.ts";
import type { Weights } from "./weights.ts";

/** Width of the time embedding over that of the first level. */
const TIME_WIDER = 4;
const LONGEST_PERIOD = 10_000;

/** A value of the graph and its channels. */
interface Image {
  readonly value: string;
  readonly channels: number;
}

/**
 * Inputs sample [B, 4, H, W], timestep [B], encoder_hidden_states [B, L, E]; output out_sample [B, 4, H, W].
 * @throws StudioError "model-unsupported" that names the key of the configuration, and whatever `weights` throws
 */
export function unetGraph(config: Config, weights: Weights): Graph {
  return new UnetBuilder(readUnetConfig(config), weights).build();
}

class UnetBuilder {
  private readonly config: UnetConfig;
  private readonly root: Module;
  /** What every residual block is told of the timestep. */
  private readonly time: { readonly value: string; readonly width: number };
  private readonly text: string;
  private readonly sample: string;

  constructor(config: UnetConfig, weights: Weights) {
    this.config = config;
    this.root = Module.root(weights);
    const batch = "batch_size";
    const { inChannels, textWidth } = config;
    this.sample = this.root.input("sample", "float32", [batch, inChannels, "height", "width"]);
    const timestep = this.root.input("timestep", "float32", [batch]);
    this.text = this.root.input("encoder_hidden_states", "float32", [
      batch,
      "sequence_length",
      textWidth,
    ]);
    this.time = this.embedded(timestep);
  }

  build(): Graph {
    const { root, config } = this;
    const { levels, inChannels, outChannels, groups, epsilon } = config;
    const first = levels[0]!.channels;
    const entry = conv(root.at("conv_in"), this.sample, { from: inChannels, to: first, kernel: 3 });
    const skips: Image[] = [{ value: entry, channels: first }];
    for (const [i, level] of levels.entries()) this.down(i, level, skips);
    let image = this.middle(skips.at(-1)!, levels.at(-1)!);
    levels.toReversed().forEach((level, i) => {
      image = this.up(i, level, image, skips);
    });
    const normed = groupNorm(root.at("conv_norm_out"), image.value, {
      channels: first,
      groups,
      epsilon,
    });
    const out = conv(root.at("conv_out"), silu(root, normed), {
      from: first,
      to: outChannels,
      kernel: 3,
    });
    return root.finish(out, "out_sample", ["batch_size", outChannels, "height", "width"]);
  }

  /** Sines and cosines of the timestep through two layers, with the activation that each block begins with. */
  private embedded(timestep: string): { readonly value: string; readonly width: number } {
    const { root, config } = this;
    const from = config.levels[0]!.channels;
    const width = TIME_WIDER * from;
    const angles = root.op("Mul", [
      root.op("Unsqueeze", [timestep, root.ints([1])]),
      root.literal([1, from / 2], frequencies(from / 2, config.freqShift)),
    ]);
    const [sine, cosine] = [root.op("Sin", [angles]), root.op("Cos", [angles])];
    const both = config.flipSinToCos ? [cosine, sine] : [sine, cosine];
    const features = root.op("Concat", both, { axis: int(-1) });
    const at = root.at("time_embedding");
    const hidden = silu(at, linearRows(at.at("linear_1"), features, { from, to: width }));
    const value = linearRows(at.at("linear_2"), hidden, { from: width, to: width });
    return { value: silu(root, value), width };
  }

  private residual(at: Module, x: Image, to: number): Image {
    const { groups, epsilon } = this.config;
    const settings = { from: x.channels, to, groups, epsilon, time: this.time };
    return { value: residual(at, x.value, settings), channels: to };
  }

  private transformer(at: Module, x: Image, { heads, depth }: UnetLevel): Image {
    const { groups, textWidth, linearProjection } = this.config;
    const { channels } = x;
    const settings = {
      channels,
      heads,
      depth,
      groups,
      text: this.text,
      textWidth,
      linearProjection,
    };
    return { value: transformer(at, x.value, settings), channels };
  }

  private down(i: number, level: UnetLevel, skips: Image[]): void {
    const at = this.root.at(`down_blocks.${i}`);
    for (let layer = 0; layer < level.layers; layer++) {
      const image = this.residual(at.at(`resnets.${layer}`), skips.at(-1)!, level.channels);
      const attends = this.config.downAttends[i] === true;
      skips.push(attends ? this.transformer(at.at(`attentions.${layer}`), image, level) : image);
    }
    if (i === this.config.levels.length - 1) return;
    const { channels } = level;
    skips.push({ value: downsample(at, skips.at(-1)!.value, channels), channels });
  }

  private middle(x: Image, level: UnetLevel): Image {
    const at = this.root.at("mid_block");
    const before = this.residual(at.at("resnets.0"), x, level.channels);
    const attended = this.transformer(at.at("attentions.0"), before, level);
    return this.residual(at.at("resnets.1"), attended, level.channels);
  }

  /** @param i counts from the middle on */
  private up(i: number, level: UnetLevel, x: Image, skips: Image[]): Image {
    const at = this.root.at(`up_blocks.${i}`);
    let image = x;
    for (let layer = 0; layer <= level.layers; layer++) {
      const skip = skips.pop()!;
      const both = at.op("Concat", [image.value, skip.value], { axis: int(1) });
      const wide = { value: both, channels: image.channels + skip.channels };
      image = this.residual(at.at(`resnets.${layer}`), wide, level.channels);
      if (this.config.upAttends[i] === true) {
        image = this.transformer(at.at(`attentions.${layer}`), image, level);
      }
    }
    if (i === this.config.levels.length - 1) return image;
    return { value: upsample(at, image.value, level.channels), channels: level.channels };
  }
}

/** exp(-ln(10000) i / (n - shift)), each step rounded to float32 as PyTorch does: what the weights were trained with. */
function frequencies(count: number, shift: number): number[] {
  return Array.from({ length: count }, (_, i) =>
    Math.fround(
      Math.exp(Math.fround(Math.fround(-Math.log(LONGEST_PERIOD) * i) / (count - shift))),
    ),
  );
}
