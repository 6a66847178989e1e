/** @file LayerNorm over the last axis, its scale and shift constants, as an operator of the studio's own. */
import { float, floatAttribute, intAttribute } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import { type Graph, type Node, typeOf } from "../onnx/graph.ts";
import { normalAxis, sameDims } from "../tensor/shape.ts";

/** ONNX's default, a float32. */
const DEFAULT_EPSILON = Math.fround(1e-5);

export function fuseLayerNorm(graph: Graph): Graph {
  const fits = (node: Node): boolean => {
    const [x = "", ...parameters] = node.inputs;
    const [, ...statistics] = node.outputs;
    if (node.opType !== "LayerNormalization" || statistics.some((name) => name !== ""))
      return false;
    const dims = typeOf(graph, x)?.dims ?? [];
    const width = dims.at(-1) ?? 0;
    const isLast = normalAxis(intAttribute(node, "axis", -1), dims.length) === dims.length - 1;
    const perColumn = parameters.every((name) =>
      sameDims(graph.constants.get(name)?.dims ?? [], [width]),
    );
    // Of whole vectors.
    return isLast && width > 0 && width % 4 === 0 && parameters.length === 2 && perColumn;
  };
  if (!graph.nodes.some(fits)) return graph;
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    if (!fits(node)) {
      emit.copy(node);
      continue;
    }
    const epsilon = float(floatAttribute(node, "epsilon", DEFAULT_EPSILON));
    emit.copy({
      ...node,
      opType: "FusedLayerNorm",
      outputs: node.outputs.slice(0, 1),
      attributes: new Map([["epsilon", epsilon]]),
    });
  }
  return emit.finish(graph.outputs.map(({ name }) => name));
}
