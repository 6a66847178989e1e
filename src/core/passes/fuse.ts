/** @file The studio's own operators in place of what exporters write, where the session has them. */
import type { Graph } from "../onnx/graph.ts";
import type { ConvolutionLimits } from "./fuse-convolution.ts";
import { fuseGatedGelu } from "./fuse-gated-gelu.ts";
import { fuseGroupNorm, type NormLimits } from "./fuse-group-norm.ts";
import { fuseLayerNorm } from "./fuse-layer-norm.ts";
import type { PointwiseLimits } from "./fuse-pointwise.ts";
import { fuseQuickGelu } from "./fuse-quick-gelu.ts";
import { mergeSplits } from "./merge-splits.ts";
import { packAttention, type PackedLimits } from "./pack-attention.ts";

export interface Fused {
  /** Within these limits; not at all where undefined. */
  readonly attention: PackedLimits | undefined;
  readonly gatedGelu: boolean;
  readonly quickGelu: boolean;
  readonly groupNorm: NormLimits | undefined;
  readonly layerNorm: boolean;
  readonly dense: boolean;
  readonly convolution: ConvolutionLimits;
  readonly pointwise: PointwiseLimits | undefined;
}

export const NOTHING_FUSED: Fused = {
  attention: undefined,
  gatedGelu: false,
  quickGelu: false,
  groupNorm: undefined,
  layerNorm: false,
  dense: false,
  convolution: { winograd: undefined, small: undefined },
  pointwise: undefined,
};

/** The graph with those that have a gradient; as it is where the types of its values are not known. */
export function fuse(graph: Graph, fused: Fused): Graph {
  const { attention, gatedGelu, quickGelu, groupNorm, layerNorm } = fused;
  if (graph.inputs.some(({ name }) => !graph.types.has(name))) return graph;
  const packed = attention === undefined ? graph : mergeSplits(packAttention(graph, attention));
  const gated = gatedGelu ? fuseGatedGelu(packed) : packed;
  const quick = quickGelu ? fuseQuickGelu(gated) : gated;
  const normed = groupNorm === undefined ? quick : fuseGroupNorm(quick, groupNorm);
  return layerNorm ? fuseLayerNorm(normed) : normed;
}
