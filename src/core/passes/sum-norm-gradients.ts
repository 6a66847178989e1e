/**
 * @file What is added to a norm's gradient, that of a residual connection, is added by the norm's function as it writes. Done
 * just before a session is made.
 */
import type { Graph, Node } from "../onnx/graph.ts";
import { sameDims } from "../tensor/shape.ts";
import { sumsAfter } from "./sum-after.ts";

export function sumNormGradients(graph: Graph): Graph {
  const sumAfter = sumsAfter(graph);
  /** In place of each sum: the gradient, what is added to it its last input. */
  const inPlace = new Map<Node, Node>();
  const gone = new Set<Node>();
  for (const node of graph.nodes) {
    const isGradient =
      node.opType === "FusedGroupNormGradient" || node.opType === "FusedLayerNormGradient";
    const found = isGradient ? sumAfter(node) : undefined;
    if (found === undefined || !sameDims(found.dims, found.otherDims)) continue;
    // Of two gradients that are added to each other the first is given the second.
    if (inPlace.has(found.sum)) continue;
    const inputs = [...node.inputs, found.other];
    inPlace.set(found.sum, { ...node, inputs, outputs: found.sum.outputs });
    gone.add(node);
  }
  if (gone.size === 0) return graph;
  const nodes = graph.nodes.filter((node) => !gone.has(node));
  return { ...graph, nodes: nodes.map((node) => inPlace.get(node) ?? node) };
}
