/** @file CLIP's text encoder (transformers' CLIPTextModel) as a graph, from its configuration and weights. */
import { int } from "../onnx/attributes.ts";
import type { Graph } from "../onnx/graph.ts";
import { type Config, ConfigReader } from "./config-reader.ts";
import { gelu, layerNorm, linear, maskedAttention, quickGelu } from "./layers.ts";
import { Module } from "./module.ts";
import type { Weights } from "./weights.ts";

/** Of a score that nobody may see: beside any other, its exponential is 0. */
const HIDDEN_SCORE = -65504;

const ACTIVATIONS = { quick_gelu: quickGelu, gelu } as const;

interface TextConfig {
  readonly width: number;
  readonly middle: number;
  readonly layers: number;
  readonly heads: number;
  readonly positions: number;
  readonly vocabulary: number;
  readonly epsilon: number;
  readonly activation: keyof typeof ACTIVATIONS;
}

/**
 * Input input_ids [B, L], L up to 77; output last_hidden_state [B, L, E], after the final norm.
 * @throws StudioError "model-unsupported" that names the key of the configuration, and whatever `weights` throws
 */
export function textEncoderGraph(config: Config, weights: Weights): Graph {
  const settings = readTextConfig(config);
  const { width, layers, positions, vocabulary, epsilon } = settings;
  const root = Module.root(weights);
  const ids = root.input("input_ids", "int64", ["batch_size", "sequence_length"]);
  const length = root.op("Shape", [ids], { start: int(1), end: int(2) });
  const embeddings = root.at("embeddings");
  const words = embeddings.parameter("token_embedding.weight", [vocabulary, width]);
  const places = embeddings.parameter("position_embedding.weight", [positions, width]);
  const first = root.op("Slice", [places, root.ints([0]), length, root.ints([0])]);
  let hidden = root.op("Add", [root.op("Gather", [words, ids], { axis: int(0) }), first]);
  const mask = causalMask(root, positions, length);
  for (let i = 0; i < layers; i++) {
    hidden = layer(root.at(`encoder.layers.${i}`), hidden, settings, mask);
  }
  const last = layerNorm(root.at("final_layer_norm"), hidden, width, epsilon);
  return root.finish(last, "last_hidden_state", ["batch_size", "sequence_length", width]);
}

/** @param path names the file in errors */
function readTextConfig(config: Config, path = "text_encoder/config.json"): TextConfig {
  const read = new ConfigReader(config, path);
  read.only("model_type", "clip_text_model", "clip");
  const width = read.count("hidden_size", 512);
  const heads = read.count("num_attention_heads", 8);
  if (width % heads !== 0) throw read.unknown("num_attention_heads", `a divisor of ${width}`);
  return {
    width,
    heads,
    middle: read.count("intermediate_size", 2048),
    layers: read.count("num_hidden_layers", 12),
    positions: read.count("max_position_embeddings", 77),
    vocabulary: read.count("vocab_size", 49408),
    epsilon: read.number("layer_norm_eps", 1e-5),
    activation: read.choice("hidden_act", ["quick_gelu", "gelu"], "quick_gelu"),
  };
}

/** [L, L]: each position sees itself and those before it. */
function causalMask(root: Module, positions: number, length: string): string {
  const values = Array.from({ length: positions ** 2 }, (_, i) =>
    i % positions > Math.floor(i / positions) ? HIDDEN_SCORE : 0,
  );
  const whole = root.literal([positions, positions], values);
  const both = root.op("Concat", [length, length], { axis: int(0) });
  return root.op("Slice", [whole, root.ints([0, 0]), both, root.ints([0, 1])]);
}

function layer(at: Module, x: string, settings: TextConfig, mask: string): string {
  const { width, heads, middle, epsilon, activation } = settings;
  const widths = { from: width, to: width };
  const normed = layerNorm(at.at("layer_norm1"), x, width, epsilon);
  const attending = at.at("self_attn");
  const projected = (name: string): string => linear(attending.at(name), normed, widths);
  const mixed = maskedAttention(
    attending,
    {
      heads,
      size: width / heads,
      queries: projected("q_proj"),
      keys: projected("k_proj"),
      values: projected("v_proj"),
    },
    mask,
  );
  const a = at.op("Add", [x, linear(attending.at("out_proj"), mixed, widths)]);
  const mlp = at.at("mlp");
  const second = layerNorm(at.at("layer_norm2"), a, width, epsilon);
  const wide = linear(mlp.at("fc1"), second, { from: width, to: middle });
  const active = ACTIVATIONS[activation](mlp, wide);
  return at.op("Add", [a, linear(mlp.at("fc2"), active, { from: middle, to: width })]);
}
