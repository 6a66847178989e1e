/**
 * @file The studio's own operators as onnxruntime is given them: MultiHeadAttention with a scale that says which one
 * (core/wasm/fused-call.ts). Its shape rules say how tensors may be given: outputs are [batch, queries, a value's size].
 */
import { float, floatAttribute, int, intAttribute } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { StudioError } from "../errors.ts";
import { describeNode, type Graph, type Node } from "../onnx/graph.ts";
import { OWN_OPS } from "../onnx/operators/supported.ts";
import { elementCount } from "../tensor/shape.ts";
import { fusedScale, type Mode } from "../wasm/fused-call.ts";

/** Operator and domain of the node that sessions get. */
const RUNTIME_OPERATOR = "com.microsoft::MultiHeadAttention";

interface Call {
  readonly mode: Mode;
  readonly heads?: number;
  readonly positions?: number;
  /** What goes in as queries, and once more as keys, which have to be as large. */
  readonly query: string;
  /** What goes in as values: the output is as large. Zeros where left out. */
  readonly value?: string;
  /** Rows that the tensors are given as. */
  readonly rows: number;
}

export function lowerFused(graph: Graph): Graph {
  const foreign = graph.nodes.find(isForeignCall);
  if (foreign !== undefined) {
    throw new StudioError(
      "model-unsupported",
      `${describeNode(foreign)} has a negative scale, which means nothing; export the model with a standard exporter.`,
    );
  }
  if (!graph.nodes.some(isFused)) return graph;
  const emit = Emitter.rewriting(graph);
  const nodes: Node[] = [];
  const none = new Map();
  for (const node of graph.nodes) {
    const call = isFused(node) ? callOf(node, emit) : undefined;
    if (call === undefined) {
      nodes.push(node);
      continue;
    }
    const output = node.outputs[0] ?? "";
    const { dtype, dims } = emit.type(output);
    const reshape = (from: string, to: string, shape: readonly number[]): string => {
      const inputs = [from, emit.ints(shape)];
      nodes.push({ opType: "Reshape", name: to, inputs, outputs: [to], attributes: none });
      return to;
    };
    const rows = (value: string, name: string): string =>
      reshape(value, `${output}/${name}`, [
        call.rows,
        1,
        elementCount(emit.type(value).dims) / call.rows,
      ]);
    const query = rows(call.query, "query");
    const outputRows = [call.rows, 1, elementCount(dims) / call.rows];
    const value =
      call.value === undefined
        ? emit.constant({ dtype, dims: outputRows, data: { kind: "fill", value: 0 } }, "zeros")
        : rows(call.value, "value");
    const result = `${output}/rows`;
    nodes.push({
      opType: RUNTIME_OPERATOR,
      name: result,
      inputs: [query, query, value],
      outputs: [result],
      attributes: new Map([
        ["num_heads", int(1)],
        ["scale", float(fusedScale(call.mode, call.heads, call.positions))],
      ]),
    });
    reshape(result, output, dims);
  }
  // What was emitted is made of constants alone.
  const { nodes: parameters, constants } = emit.finish([]);
  return { ...graph, nodes: [...parameters, ...nodes], constants };
}

const isFused = ({ opType }: Node): boolean => OWN_OPS.has(opType);

/** What only this pass may write: a file that brought it would reach the studio's functions with sizes that nobody checked. */
const isForeignCall = (node: Node): boolean =>
  node.opType === RUNTIME_OPERATOR && floatAttribute(node, "scale", 0) < 0;

/** What a node of the studio's own asks for; undefined for any other. */
function callOf(node: Node, emit: Emitter): Call | undefined {
  const [first = "", second = ""] = node.inputs;
  const heads = intAttribute(node, "heads", 1);
  const [images = 1, positions = 1, ...rest] = emit.type(first).dims;
  switch (node.opType) {
    case "PackedSelfAttention": {
      const rows = images * positions;
      return { mode: "self", heads, positions, query: first, value: second, rows };
    }
    case "PackedSelfAttentionGradient": {
      const rows = images * positions;
      return { mode: "selfGradient", heads, positions, query: second, value: first, rows };
    }
    case "PackedCrossAttention": {
      const queries = emit.type(second).dims[1] ?? 1;
      const tensors = { query: first, value: second, rows: images };
      return { mode: "cross", heads, positions: queries, ...tensors };
    }
    case "PackedCrossAttentionGradient": {
      const queries = positions / 2 - (emit.type(second).dims[1] ?? 0);
      const tensors = { query: second, value: first, rows: images };
      return { mode: "crossGradient", heads, positions: queries, ...tensors };
    }
    case "GatedGelu":
    case "GatedGeluGradient": {
      const rows = elementCount([images, positions, ...rest].slice(0, -1));
      return node.opType === "GatedGelu"
        ? { mode: "gatedGelu", query: first, rows }
        : { mode: "gatedGeluGradient", query: second, value: first, rows };
    }
    case "FusedGroupNorm":
    case "FusedGroupNormGradient": {
      const gradient = node.opType === "FusedGroupNormGradient";
      const all = gradient ? positions : images;
      const settings = [floatAttribute(node, "epsilon", 1e-5), intAttribute(node, "silu", 0)];
      const numbers = emit.constant(constantOf("float32", [2], settings), "norm_settings");
      const one = [second, node.inputs[2] ?? "", numbers];
      const parameters = emit.op("Concat", gradient ? [...one, ...one] : one, { axis: int(0) });
      return {
        mode: gradient ? "groupNormGradient" : "groupNorm",
        ...{ heads: intAttribute(node, "groups", 1), positions: all, rows: gradient ? 2 : 1 },
        ...{ query: parameters, value: first },
      };
    }
    default:
      return undefined;
  }
}
