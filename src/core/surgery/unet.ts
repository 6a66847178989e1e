/** @file From an exported UNet to the graph every session is built from: float32, static, simplified, cut at K and V. */
import type { Graph } from "../onnx/graph.ts";
import { checkNames } from "../onnx/check.ts";
import { plainAttention } from "../passes/plain-attention.ts";
import { simplify } from "../passes/simplify.ts";
import { specialise } from "../passes/specialise.ts";
import { widen } from "../passes/widen.ts";
import { exposeKv } from "./expose-kv.ts";
import { exposeQueryOut, type QueryOutLayout } from "./expose-query-out.ts";
import { findCrossAttention } from "./find-cross-attention.ts";
import type { KvLayout } from "./kv-layout.ts";
import { perSampleTimestep, timestepDims } from "./per-sample-timestep.ts";
import { LATENT_CHANNELS, refuseOthers } from "./refuse-others.ts";
import { cutTimeFeatures } from "./time-features.ts";

export interface UnetShape {
  /** B, number of latents a pass. */
  readonly batch: number;
  /** Latent height and width (pixels / 8). */
  readonly height: number;
  readonly width: number;
  /** L, number of text positions (77 for CLIP). */
  readonly tokens: number;
  /** E, width of the text features. */
  readonly textWidth: number;
}

export interface Unet {
  /** Inputs sample [B, 4, H, W], time_features [B, F], kv [B, L, S]; output the predicted noise (or v) [B, 4, H, W]. */
  readonly graph: Graph;
  /** Contents of the input time_features for one timestep a sample. */
  readonly timeFeatures: (timesteps: ArrayLike<number>) => Float32Array;
  /** Name of the prediction. */
  readonly prediction: string;
  readonly kv: KvLayout;
  readonly blocks: number;
  /** Names of the cross-attention probabilities in order of execution, one a block. */
  readonly attention: readonly string[];
  readonly shape: UnetShape;
  /** Batch, channels, height and width of latents and prediction. */
  readonly latents: readonly [number, number, number, number];
  /** Present where the query and output projections were exposed too (the face mode). */
  readonly queryOut?: QueryOutLayout;
}

export interface UnetOptions {
  /** Also expose to_q and to_out as one flat input `query_out` (diffusers: `--freeze_model crossattn`). */
  readonly queryOut?: boolean;
  /** Number of cross-attention blocks the model's config promises. */
  readonly blocks?: number;
  /** Skip the clean-ups, to compare with and without. */
  readonly simplify?: boolean;
}

/**
 * @throws StudioError "model-not-a-unet" where inputs or cross-attention are not a UNet's, "model-unsupported" where it is
 *   another model's, and whatever specialisation refuses
 */
export function prepareUnet(exported: Graph, shape: UnetShape, options: UnetOptions = {}): Unet {
  refuseOthers(exported);
  checkNames(exported);
  const wide = widen(exported);
  const declared = new Map(wide.inputs.map((input) => [input.name, input]));
  const specialised = specialise(wide, {
    sample: {
      dims: [shape.batch, LATENT_CHANNELS, shape.height, shape.width],
    },
    timestep: { dims: timestepDims(declared.get("timestep")!, shape.batch), dtype: "float32" },
    encoder_hidden_states: { dims: [shape.batch, shape.tokens, shape.textWidth] },
  });
  const stepped = perSampleTimestep(specialised, shape.batch);
  const clean = options.simplify === false ? stepped : simplify(plainAttention(simplify(stepped)));
  const blocks = findCrossAttention(clean, "encoder_hidden_states", options.blocks);
  const exposed = exposeKv(clean, blocks, shape);
  const timed = cutTimeFeatures(exposed.graph);
  const common = {
    prediction: timed.graph.outputs[0]!.name,
    timeFeatures: timed.features,
    kv: exposed.layout,
    blocks: blocks.length,
    attention: blocks.map(({ softmax }) => softmax),
    shape,
    latents: [shape.batch, LATENT_CHANNELS, shape.height, shape.width] as const,
  };
  if (options.queryOut !== true) return { graph: timed.graph, ...common };
  const face = exposeQueryOut(timed.graph, blocks);
  return { graph: face.graph, queryOut: face.layout, ...common };
}
