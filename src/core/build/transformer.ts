/** @file A UNet's Transformer2DModel: self-attention, attention to the text, a gated feed-forward block, each beside a shortcut. */
import { int } from "../onnx/attributes.ts";
import { attention, conv, gelu, groupNorm, layerNorm, linear, project, rowsOf } from "./layers.ts";
import type { Module } from "./module.ts";

export interface TransformerSettings {
  readonly channels: number;
  readonly heads: number;
  /** How many blocks one after the other. */
  readonly depth: number;
  readonly groups: number;
  /** `encoder_hidden_states` and its width. */
  readonly text: string;
  readonly textWidth: number;
  /** Whether what leads in and out works on rows rather than on the image, as in Stable Diffusion 2.x. */
  readonly linearProjection: boolean;
}

/** Of Transformer2DModel and BasicTransformerBlock, whatever the UNet's own is. */
const NORM_EPSILON = 1e-6;
const LAYER_EPSILON = 1e-5;

/** Width of the feed-forward block's middle over that of its input. */
const WIDER = 4;

export function transformer(at: Module, x: string, settings: TransformerSettings): string {
  const { channels, groups, depth, linearProjection } = settings;
  const widths = { from: channels, to: channels };
  const normed = groupNorm(at.at("norm"), x, { channels, groups, epsilon: NORM_EPSILON });
  const image = linearProjection
    ? normed
    : conv(at.at("proj_in"), normed, { ...widths, kernel: 1 });
  const { rows, back } = rowsOf(at, image, channels);
  let hidden = linearProjection ? linear(at.at("proj_in"), rows, widths) : rows;
  for (let i = 0; i < depth; i++) {
    hidden = block(at.at(`transformer_blocks.${i}`), hidden, settings);
  }
  const out = linearProjection
    ? back(linear(at.at("proj_out"), hidden, widths))
    : conv(at.at("proj_out"), back(hidden), { ...widths, kernel: 1 });
  return at.op("Add", [out, x]);
}

function block(at: Module, x: string, settings: TransformerSettings): string {
  const { channels, text, textWidth } = settings;
  const norm = (name: string, value: string): string =>
    layerNorm(at.at(name), value, channels, LAYER_EPSILON);
  const own = norm("norm1", x);
  const self = attend(at.at("attn1"), own, { value: own, width: channels }, settings);
  const a = at.op("Add", [self, x]);
  const cross = attend(
    at.at("attn2"),
    norm("norm2", a),
    { value: text, width: textWidth },
    settings,
  );
  const b = at.op("Add", [cross, a]);
  return at.op("Add", [feedForward(at.at("ff"), norm("norm3", b), channels), b]);
}

function attend(
  at: Module,
  x: string,
  context: { readonly value: string; readonly width: number },
  { channels, heads }: TransformerSettings,
): string {
  const mixed = attention(at, {
    heads,
    size: channels / heads,
    queries: project(at.at("to_q"), x, { from: channels, to: channels }),
    keys: project(at.at("to_k"), context.value, { from: context.width, to: channels }),
    values: project(at.at("to_v"), context.value, { from: context.width, to: channels }),
  });
  return linear(at.at("to_out.0"), mixed, { from: channels, to: channels });
}

/** [h | g] = x W + b, y = (h ∘ gelu(g)) V + c. */
function feedForward(at: Module, x: string, channels: number): string {
  const middle = WIDER * channels;
  const both = linear(at.at("net.0.proj"), x, { from: channels, to: 2 * middle });
  const [h = "", g = ""] = at.many("Split", [both], 2, { axis: int(2), num_outputs: int(2) });
  const gated = at.op("Mul", [h, gelu(at, g)]);
  return linear(at.at("net.2"), gated, { from: middle, to: channels });
}
