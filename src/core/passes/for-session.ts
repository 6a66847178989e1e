/** @file A graph as a session is made of it: with the operators that the engine has functions of its own for, gradients or not. */
import type { Graph } from "../onnx/graph.ts";
import { fuseConvolutions } from "./fuse-convolution.ts";
import { fuseDense } from "./fuse-dense.ts";
import { fusePointwise } from "./fuse-pointwise.ts";
import { fuse, type Fused } from "./fuse.ts";
import { lowerFused } from "./lower-fused.ts";
import { sumNormGradients } from "./sum-norm-gradients.ts";

export function graphForSession(graph: Graph, fused: Fused): Graph {
  const whole = fuseConvolutions(fuse(graph, fused), fused.convolution);
  const pointed = fused.pointwise === undefined ? whole : fusePointwise(whole, fused.pointwise);
  return lowerFused(sumNormGradients(fused.dense ? fuseDense(pointed) : pointed));
}
