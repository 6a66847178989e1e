/**
 * @file The studio's attention operators as onnxruntime is given them: MultiHeadAttention with a scale that says which one
 * (core/wasm/attention/frame.ts). Queries, keys and values go in as rows of one position, which it hands on as they are.
 */
import { float, int, intAttribute } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { elementCount } from "../tensor/shape.ts";
import { type Mode, packedScale } from "../wasm/attention/frame.ts";

const MODES: Readonly<Record<string, Mode>> = {
  PackedSelfAttention: "self",
  PackedSelfAttentionGradient: "selfGradient",
  PackedCrossAttention: "cross",
  PackedCrossAttentionGradient: "crossGradient",
};

/** Operator and domain of the node that sessions get. */
const RUNTIME_OPERATOR = "com.microsoft::MultiHeadAttention";

export function lowerAttention(graph: Graph): Graph {
  if (!graph.nodes.some(({ opType }) => opType in MODES)) return graph;
  const emit = Emitter.rewriting(graph);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const mode = MODES[node.opType];
    if (mode === undefined) {
      nodes.push(node);
      continue;
    }
    const [first = "", second = ""] = node.inputs;
    const output = node.outputs[0] ?? "";
    const rows = (value: string, count: number): string => {
      const size = elementCount(emit.type(value).dims) / count;
      const name = `${output}/rows_${nodes.length}`;
      nodes.push({
        opType: "Reshape",
        name,
        inputs: [value, emit.ints([count, 1, size])],
        outputs: [name],
        attributes: new Map(),
      });
      return name;
    };
    const [images = 1, positions = 1] = graph.types.get(output)?.dims ?? [];
    const self = mode === "self" || mode === "selfGradient";
    const queries =
      mode === "crossGradient" ? (positions - 2 * (emit.type(second).dims[1] ?? 0)) / 2 : positions;
    const batch = self ? images * positions : images;
    // What the output is as large as comes last; the other is given twice, for keys are as large as queries.
    const [data, like] = mode === "self" || mode === "cross" ? [first, second] : [second, first];
    const [q, v] = [rows(data, batch), rows(like, batch)];
    const packed = `${output}/packed`;
    const heads = intAttribute(node, "heads", 1);
    nodes.push(
      {
        opType: RUNTIME_OPERATOR,
        name: output,
        inputs: [q, q, v],
        outputs: [packed],
        attributes: new Map([
          ["num_heads", int(1)],
          ["scale", float(packedScale(mode, heads, queries))],
        ]),
      },
      {
        opType: "Reshape",
        name: `${output}/shape`,
        inputs: [packed, emit.ints(emit.type(output).dims)],
        outputs: [output],
        attributes: new Map(),
      },
    );
  }
  const { constants } = emit.finish([]);
  return { ...graph, nodes, constants };
}
