/** @file Recognises attention in a graph: a softmax over rows that is used for nothing but one matrix product. */
import { intAttribute } from "../onnx/attributes.ts";
import { consumersOf, type Graph, typeOf } from "../onnx/graph.ts";
import { normalAxis } from "../tensor/shape.ts";

/**
 * Outputs P [..., M, K] of softmaxes over the last axis whose only reader is a MatMul P·V with V [..., K, N] of the
 * same batch axes. A value whose own gradient is `wanted` is not among them, since theirs comes out shifted.
 */
export function attentionSoftmaxes(graph: Graph, wanted: readonly string[]): ReadonlySet<string> {
  const readers = consumersOf(graph);
  const found = new Set<string>();
  for (const node of graph.nodes) {
    const output = node.outputs[0] ?? "";
    const rank = typeOf(graph, output)?.dims.length ?? 0;
    if (node.opType !== "Softmax" || rank < 3 || wanted.includes(output)) continue;
    const axis = normalAxis(intAttribute(node, "axis", graph.opset < 13 ? 1 : -1), rank);
    const [product, ...others] = readers.get(output) ?? [];
    if (axis !== rank - 1 || product?.opType !== "MatMul" || others.length > 0) continue;
    const right = typeOf(graph, product.inputs[1] ?? "");
    const batch = typeOf(graph, output)?.dims.slice(0, -2);
    const same = right?.dims.length === rank && batch?.every((d, i) => d === right.dims[i]);
    if (product.inputs[0] === output && product.inputs[1] !== output && same === true) {
      found.add(output);
    }
  }
  return found;
}
