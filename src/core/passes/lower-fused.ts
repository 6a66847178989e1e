/**
 * @file The studio's own operators as onnxruntime is given them: MultiHeadAttention with a scale that says which one
 * (core/wasm/fused-call.ts). Its shape rules say how tensors may be given: outputs are [batch, queries, a value's size].
 */
import { float, floatAttribute, int, intAttribute, ints } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { StudioError } from "../errors.ts";
import { describeNode, type Graph, type Node } from "../onnx/graph.ts";
import { OWN_OPS } from "../onnx/operators/supported.ts";
import { type Dims, elementCount, sameDims } from "../tensor/shape.ts";
import { ROWS_IN, ROWS_OUT } from "../wasm/convolution/pointwise.ts";
import { EXPONENT_UNIT } from "../wasm/power-of-two.ts";
import { fusedScale, type Mode } from "../wasm/fused-call.ts";

/** Operator and domain of the node that sessions get. */
const RUNTIME_OPERATOR = "com.microsoft::MultiHeadAttention";

/**
 * With one head the node's shape rules are: queries [batch, q, D], keys [batch, k, D], values [batch, k, E], output
 * [batch, q, E]; nothing is read but by the function that is asked for, so all that matters is that numbers are as many.
 */
interface Call {
  readonly mode: Mode;
  readonly heads?: number;
  readonly positions?: number;
  readonly query: string;
  /** As large as the query; the query once more where left out. Only beside a value that is as large as the output, or none. */
  readonly key?: string | undefined;
  /** As large as the output, or one row of it for each of the batch; nothing where left out. */
  readonly value?: string | undefined;
  /** Of any size. */
  readonly bias?: string;
  readonly batch: number;
  readonly queries: number;
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
    const { batch, queries, query, key, value, bias } = call;
    const reshape = (from: string, to: string, shape: readonly number[]): string => {
      const inputs = [from, emit.ints(shape)];
      nodes.push({ opType: "Reshape", name: to, inputs, outputs: [to], attributes: none });
      return to;
    };
    const countOf = (name: string): number => elementCount(emit.type(name).dims);
    const querySize = countOf(query) / (batch * queries);
    const valueSize = elementCount(dims) / (batch * queries);
    const given = (from: string, name: string, shape: Dims): string =>
      sameDims(emit.type(from).dims, shape) ? from : reshape(from, `${output}/${name}`, shape);
    /** A tensor that nobody reads; a single key is enough of it. */
    const nothing = (width: number): string =>
      emit.constant({ dtype, dims: [batch, 1, width], data: { kind: "fill", value: 0 } }, "unread");
    const queryShape = [batch, queries, querySize];
    const asked = given(query, "query", queryShape);
    const rows = value === undefined ? 1 : countOf(value) / (batch * valueSize);
    const values =
      value === undefined ? nothing(valueSize) : given(value, "value", [batch, rows, valueSize]);
    // As many keys as values.
    const keys =
      rows !== queries
        ? nothing(querySize)
        : key === undefined
          ? asked
          : given(key, "key", queryShape);
    const asIs = sameDims(dims, [batch, queries, valueSize]);
    const result = asIs ? output : `${output}/result`;
    nodes.push({
      opType: RUNTIME_OPERATOR,
      name: result,
      inputs: [asked, keys, values, ...(bias === undefined ? [] : [bias])],
      outputs: [result],
      attributes: new Map([
        ["num_heads", int(1)],
        ["scale", float(fusedScale(call.mode, call.heads, call.positions))],
      ]),
    });
    if (!asIs) reshape(result, output, dims);
  }
  // What was emitted is made of constants alone.
  const { nodes: parameters, constants } = emit.finish([]);
  return { ...graph, nodes: [...parameters, ...nodes], constants };
}

const isFused = ({ opType }: Node): boolean => OWN_OPS.has(opType);

/** What only this pass may write: a file that brought it would reach the studio's functions with sizes that nobody checked. */
const isForeignCall = (node: Node): boolean =>
  node.opType === RUNTIME_OPERATOR && floatAttribute(node, "scale", 0) < 0;

/** What a norm's gradient is added to: positions say whether there is something. */
const addedKey = (key: string | undefined): Partial<Call> =>
  key === undefined ? {} : { positions: 1, key };

/** What a product or a convolution is added to: heads are 1 where it is as large as the output, 2 where it is a row of it. */
function added(
  { inputs: [, , value], outputs: [output = ""] }: Node,
  emit: Emitter,
): Partial<Call> {
  if (value === undefined) return {};
  return { heads: sameDims(emit.type(value).dims, emit.type(output).dims) ? 1 : 2, value };
}

/** What a node of the studio's own asks for; undefined for any other. */
function callOf(node: Node, emit: Emitter): Call | undefined {
  const [first = "", second = ""] = node.inputs;
  const heads = intAttribute(node, "heads", 1);
  const { dims } = emit.type(first);
  const [images = 1, positions = 1] = dims;
  const perImage = { batch: images, queries: 1 };
  switch (node.opType) {
    case "PackedSelfAttention": {
      const batch = images * positions;
      const tensors = { query: first, value: second, ...maskOf(node.inputs[2], emit) };
      return { mode: "self", heads, positions, ...tensors, batch, queries: 1 };
    }
    case "PackedSelfAttentionGradient": {
      const [, , key = "", mask] = node.inputs;
      const tensors = { query: second, key, value: first, ...maskOf(mask, emit) };
      const batch = images * positions;
      return { mode: "selfGradient", heads, positions, ...tensors, batch, queries: 1 };
    }
    case "PackedCrossAttention": {
      const queries = emit.type(second).dims[1] ?? 1;
      const tensors = { query: first, value: second };
      return { mode: "cross", heads, positions: queries, ...tensors, ...perImage };
    }
    case "PackedCrossAttentionGradient": {
      const queries = emit.type(second).dims[1] ?? 1;
      const tensors = { query: second, key: node.inputs[2], bias: first };
      return { mode: "crossGradient", heads, positions: queries, ...tensors, ...perImage };
    }
    case "GatedGelu":
    case "GatedGeluGradient": {
      const rows = rowsOf(dims);
      return node.opType === "GatedGelu"
        ? { mode: "gatedGelu", query: first, ...rows }
        : { mode: "gatedGeluGradient", query: second, value: first, ...rows };
    }
    case "QuickGelu":
      return { mode: "quickGelu", query: first, ...rowsOf(dims) };
    case "QuickGeluGradient":
      return { mode: "quickGeluGradient", query: second, value: first, ...rowsOf(dims) };
    case "FusedGroupNorm":
    case "FusedGroupNormGradient": {
      const groups = intAttribute(node, "groups", 1);
      const channels = { heads: groups, batch: images, queries: positions, query: first };
      return node.opType === "FusedGroupNorm"
        ? { mode: "groupNorm", ...channels, bias: parameters(node, [1, 3], emit) }
        : {
            ...{ mode: "groupNormGradient", ...channels, value: second },
            ...{ bias: parameters(node, [2, 4], emit), ...addedKey(node.inputs[4]) },
          };
    }
    case "FusedLayerNorm":
    case "FusedLayerNormGradient": {
      const rows = { ...rowsOf(dims), query: first };
      return node.opType === "FusedLayerNorm"
        ? { mode: "layerNorm", ...rows, bias: parameters(node, [1, 3], emit) }
        : {
            ...{ mode: "layerNormGradient", ...rows, value: second },
            ...{ bias: parameters(node, [2, 3], emit), ...addedKey(node.inputs[3]) },
          };
    }
    case "DirectConvolution":
    case "WinogradConvolution": {
      const [batch = 1, , height = 1, width = 1] = emit.type(first).dims;
      return {
        mode: node.opType === "DirectConvolution" ? "directConvolution" : "tiledConvolution",
        ...{ positions: width, batch, queries: height * width },
        ...{ query: first, bias: second, ...added(node, emit) },
      };
    }
    case "PointwiseConvolution": {
      const out = emit.type(node.outputs[0] ?? "").dims;
      const [, height = 1, width = 1] =
        intAttribute(node, "rows_out", 0) === 1 ? out : out.slice(1);
      const positions =
        ROWS_IN * intAttribute(node, "rows_in", 0) + ROWS_OUT * intAttribute(node, "rows_out", 0);
      return {
        ...{ mode: "pointwiseConvolution", positions, batch: images, queries: height * width },
        ...{ query: first, bias: second, ...added(node, emit) },
      };
    }
    case "Dense": {
      // Rows are rows, in whatever axes they come; three axes need not be made into others.
      const { dims } = emit.type(first);
      const batch = dims.length === 3 ? images : 1;
      return {
        ...{ mode: "dense", query: first, bias: second, batch },
        queries: elementCount(dims.slice(0, -1)) / batch,
        ...added(node, emit),
      };
    }
    default:
      return undefined;
  }
}

/** A mask as scores begin with it: a row for each key, and scores are powers of two. */
function maskOf(mask: string | undefined, emit: Emitter): Partial<Call> {
  if (mask === undefined) return {};
  const byKey = emit.op("Transpose", [mask], { perm: ints([1, 0]) });
  return { bias: emit.op("Mul", [byKey, emit.scalar(Math.LOG2E * EXPONENT_UNIT)]) };
}

/** Rows of the last axis; a tensor of three axes goes as it is. */
const rowsOf = (dims: Dims): { readonly batch: number; readonly queries: number } =>
  dims.length === 3
    ? { batch: dims[0] ?? 1, queries: dims[1] ?? 1 }
    : { batch: 1, queries: elementCount(dims.slice(0, -1)) };

/** A norm's constants, inputs from one to before another, and what it is set to. */
function parameters(node: Node, [from, to]: [number, number], emit: Emitter): string {
  const settings = [floatAttribute(node, "epsilon", 1e-5), intAttribute(node, "silu", 0)];
  const numbers = emit.constant(constantOf("float32", [2], settings), "norm_settings");
  return emit.op("Concat", [...node.inputs.slice(from, to), numbers], { axis: int(0) });
}
