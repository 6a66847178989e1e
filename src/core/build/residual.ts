/** @file What UNet and VAE share: residual blocks, and halving or doubling an image. */
import { string } from "../onnx/attributes.ts";
import { conv, type ConvSettings, groupNorm, linearRows, silu, type Widths } from "./layers.ts";
import type { Module } from "./module.ts";

export interface ResidualSettings extends Widths {
  readonly groups: number;
  readonly epsilon: number;
  /** What a UNet's blocks are told of the timestep: [B, width], its activation applied; a VAE has none. */
  readonly time?: { readonly value: string; readonly width: number };
}

/** diffusers' ResnetBlock2D: norm, SiLU, convolution, twice, beside a shortcut. */
export function residual(at: Module, x: string, settings: ResidualSettings): string {
  const { from, to, groups, epsilon, time } = settings;
  const norm = (name: string, value: string, channels: number): string =>
    silu(at, groupNorm(at.at(name), value, { channels, groups, epsilon }));
  let hidden = conv(at.at("conv1"), norm("norm1", x, from), { from, to, kernel: 3 });
  if (time !== undefined) {
    const shift = linearRows(at.at("time_emb_proj"), time.value, { from: time.width, to });
    hidden = at.op("Add", [hidden, at.op("Unsqueeze", [shift, at.ints([2, 3])])]);
  }
  hidden = conv(at.at("conv2"), norm("norm2", hidden, to), { from: to, to, kernel: 3 });
  const shortcut = from === to ? x : conv(at.at("conv_shortcut"), x, { from, to, kernel: 1 });
  return at.op("Add", [shortcut, hidden]);
}

/** Half the height and width. */
export function downsample(
  at: Module,
  x: string,
  channels: number,
  pads?: ConvSettings["pads"],
): string {
  const widths = { from: channels, to: channels };
  return conv(at.at("downsamplers.0.conv"), x, {
    ...widths,
    kernel: 3,
    stride: 2,
    ...(pads === undefined ? {} : { pads }),
  });
}

/** Twice the height and width. */
export function upsample(at: Module, x: string, channels: number): string {
  const twice = at.op("Resize", [x, "", at.literal([4], [1, 1, 2, 2])], {
    mode: string("nearest"),
    nearest_mode: string("floor"),
    coordinate_transformation_mode: string("asymmetric"),
  });
  return conv(at.at("upsamplers.0.conv"), twice, { from: channels, to: channels, kernel: 3 });
}
