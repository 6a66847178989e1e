/** @file CLIP's GELU, x ∘ sigmoid(1.702 x), as an operator of the studio's own. */
import { Emitter, smallValue } from "../onnx/emit.ts";
import { consumersOf, type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { QUICK_GELU_SLOPE } from "../onnx/operators/quick-gelu.ts";
import { elementCount } from "../tensor/shape.ts";
import { QUICK_GELU_RUN } from "../wasm/quick-gelu.ts";
import { prune } from "./prune.ts";

export function fuseQuickGelu(graph: Graph): Graph {
  const producers = producersOf(graph);
  const readers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  /** The node behind a value that nothing else reads. */
  const inner = (value: string, opType: string): Node | undefined => {
    const node = producers.get(value);
    const alone = readers.get(value)?.length === 1 && !outputs.has(value);
    return alone && node?.opType === opType ? node : undefined;
  };
  const isSlope = (value: string): boolean => {
    const numbers = smallValue(graph.constants.get(value))?.data;
    return numbers?.every((x) => Math.abs(x - QUICK_GELU_SLOPE) < 1e-6) ?? false;
  };
  const input = (node: Node): string | undefined => {
    if (node.opType !== "Mul") return undefined;
    for (const [i, x] of node.inputs.entries()) {
      const sigmoid = inner(node.inputs[1 - i] ?? "", "Sigmoid");
      const scaled = inner(sigmoid?.inputs[0] ?? "", "Mul");
      if (scaled?.inputs.includes(x) !== true) continue;
      const type = typeOf(graph, x);
      const fits = type?.dtype === "float32" && elementCount(type.dims) % QUICK_GELU_RUN === 0;
      if (fits && scaled.inputs.some(isSlope)) return x;
    }
    return undefined;
  };
  const inputs = graph.nodes.map(input);
  if (inputs.every((x) => x === undefined)) return graph;
  const emit = Emitter.rewriting(graph);
  graph.nodes.forEach((node, i) => {
    const x = inputs[i];
    if (x === undefined) emit.copy(node);
    else emit.copy({ ...node, opType: "QuickGelu", inputs: [x], attributes: new Map() });
  });
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}
