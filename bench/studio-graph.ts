/** @file The graphs that the studio makes of a model, by name, as their sessions get them. */
import type { Graph } from "../src/core/onnx/graph.ts";
import type { ExternalReader } from "../src/core/onnx/materialise.ts";
import { trainingGraph } from "../src/core/surgery/training-graph.ts";
import { CLIP_TOKENS } from "../src/core/text/clip-tokenizer.ts";
import { type Model, pictureSize } from "../src/engine/model/read-model.ts";
import { vaeGraph } from "../src/engine/model/vae.ts";
import { type Runtime, trainingGraphOptions } from "../src/engine/ort/runtime.ts";

export const GRAPH_NAMES = [
  "unet",
  "training",
  "text_encoder",
  "vae_decoder",
  "vae_encoder",
] as const;
export type GraphName = (typeof GRAPH_NAMES)[number];

export interface ReadableGraph {
  readonly graph: Graph;
  /** Reads its weights. */
  readonly read: ExternalReader;
}

export async function studioGraph(
  model: Model,
  name: GraphName,
  batch: number,
  runtime: Pick<Runtime, "attentionBytes" | "fused" | "optimisations" | "precision" | "segments">,
): Promise<ReadableGraph> {
  const { sampleSize } = model.config;
  const pixels = pictureSize(model);
  switch (name) {
    case "unet":
      return { graph: model.unetOf(batch).graph, read: model.reader("unet") };
    case "training": {
      const { graph } = trainingGraph(model.unetOf(batch), trainingGraphOptions(runtime));
      return { graph, read: model.reader("unet") };
    }
    case "text_encoder":
      return {
        graph: model.textEncoderOf(batch, CLIP_TOKENS).graph,
        read: model.reader("text_encoder"),
      };
    case "vae_decoder": {
      const { graph } = await vaeGraph(model, name, [batch, 4, sampleSize, sampleSize]);
      return { graph, read: model.reader(name) };
    }
    case "vae_encoder": {
      const { graph } = await vaeGraph(model, name, [batch, 3, pixels, pixels]);
      return { graph, read: model.reader(name) };
    }
  }
}
