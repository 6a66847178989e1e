/** @file The studio's own operators in place of what exporters write, where the session has them. */
import type { Graph } from "../onnx/graph.ts";
import { fuseDense } from "./fuse-dense.ts";
import { fuseGatedGelu } from "./fuse-gated-gelu.ts";
import { fuseGroupNorm, type NormLimits } from "./fuse-group-norm.ts";
import { packAttention, type PackedLimits } from "./pack-attention.ts";

export interface Fused {
  /** Within these limits; not at all where undefined. */
  readonly attention: PackedLimits | undefined;
  readonly gatedGelu: boolean;
  readonly groupNorm: NormLimits | undefined;
  readonly dense: boolean;
}

export const NOTHING_FUSED: Fused = {
  attention: undefined,
  gatedGelu: false,
  groupNorm: undefined,
  dense: false,
};

/** The graph with those that have a gradient; as it is where the types of its values are not known. */
export function fuse(graph: Graph, { attention, gatedGelu, groupNorm }: Fused): Graph {
  if (!isTyped(graph)) return graph;
  const packed = attention === undefined ? graph : packAttention(graph, attention);
  const gated = gatedGelu ? fuseGatedGelu(packed) : packed;
  return groupNorm === undefined ? gated : fuseGroupNorm(gated, groupNorm);
}

/** The graph with all of them, as a session gets it: constants lie as the engine's functions read them. */
export function fuseForSession(graph: Graph, fused: Fused): Graph {
  const differentiable = fuse(graph, fused);
  return fused.dense && isTyped(graph) ? fuseDense(differentiable) : differentiable;
}

const isTyped = (graph: Graph): boolean => graph.inputs.every(({ name }) => graph.types.has(name));
