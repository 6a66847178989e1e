/** @file The graphs that memory is reckoned from: those of a model, as its sessions would get them. */
import type { Graph } from "../onnx/graph.ts";
import { chunkAttention } from "../passes/chunk-attention.ts";
import { graphForSession } from "../passes/for-session.ts";
import type { Fused } from "../passes/fuse.ts";
import { halfPrecision } from "../passes/half-precision.ts";
import { type TextEncoder, textEncoderGradient } from "../surgery/text-encoder.ts";
import { trainingGraph, type TrainingGraphOptions } from "../surgery/training-graph.ts";
import type { Unet } from "../surgery/unet.ts";
import type { Precision } from "../precision.ts";
import type { PlanGraphs } from "./training-plan.ts";

/** A model's parts in float32, prepared: the text encoder for one caption, the VAE for one picture. */
export interface PlannedModel {
  /** The UNet for so many latents, in the face mode where that is trained. */
  unetOf(batch: number): Unet;
  readonly textEncoder: TextEncoder;
  readonly vaeEncoder: Graph;
  readonly vaeDecoder: Graph;
  /** Whether the modifier token is trained, and with it the text encoder differentiated. */
  readonly trainsToken: boolean;
}

export interface PlanGraphOptions extends Pick<TrainingGraphOptions, "simplify" | "composites"> {
  /** Of attention while painting; whole where left out. */
  readonly paintingAttentionBytes?: number | undefined;
}

/** @param options how the runtime has graphs made */
export function planGraphs(
  model: PlannedModel,
  fused: Fused,
  { paintingAttentionBytes, ...options }: PlanGraphOptions = {},
): PlanGraphs {
  const finish = (graph: Graph, precision: Precision): Graph => {
    const parted =
      paintingAttentionBytes === undefined ? graph : chunkAttention(graph, paintingAttentionBytes);
    return graphForSession(precision === "float16" ? halfPrecision(parted) : parted, fused);
  };
  const { textEncoder, vaeEncoder, vaeDecoder } = model;
  const one = model.unetOf(1);
  const { columns, textWidth } = one.kv;
  return {
    training: ({ precision, microBatch, segments, attentionBytes }) => {
      const unet = microBatch === 1 ? one : model.unetOf(microBatch);
      const choices = { precision, segments, attentionBytes };
      return graphForSession(trainingGraph(unet, { ...options, ...choices, fused }).graph, fused);
    },
    captions: (precision) => {
      const graphs = [textEncoder.graph];
      if (model.trainsToken) graphs.push(textEncoderGradient(textEncoder, fused).graph);
      return graphs.map((graph) => finish(graph, precision));
    },
    sampling: (precision) => [
      finish(model.unetOf(2).graph, precision),
      finish(textEncoder.graph, "float32"),
      finish(vaeDecoder, precision),
    ],
    vaeEncoder: (precision) => finish(vaeEncoder, precision),
    trained:
      columns * textWidth + (one.queryOut?.length ?? 0) + (model.trainsToken ? textWidth : 0),
    keysAndValues: one.shape.tokens * columns,
  };
}
