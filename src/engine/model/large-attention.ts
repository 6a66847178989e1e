/** @file Attention over many positions while painting on a GPU: in parts, so that no buffer holds all of its scores. */
import type { Graph } from "../../core/onnx/graph.ts";
import { chunkAttention } from "../../core/passes/chunk-attention.ts";
import { PAINTING_ATTENTION_BYTES } from "../../core/plan/choices.ts";
import type { Runtime } from "../ort/runtime.ts";

/** Most bytes of scores at once; undefined where attention is whole, or has an operator of the studio's own. */
export function paintingAttention({ device }: Pick<Runtime, "device">): number | undefined {
  return device === null ? undefined : PAINTING_ATTENTION_BYTES;
}

export function attentionInParts(graph: Graph, runtime: Pick<Runtime, "device">): Graph {
  const bytes = paintingAttention(runtime);
  return bytes === undefined ? graph : chunkAttention(graph, bytes);
}
