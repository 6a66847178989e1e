/**
 * @file The face mode's second cut: the query and output projections of cross-attention become one flat input,
 * so that their gradients come out of the graph too (diffusers: CustomDiffusionAttnProcessor, train_q_out).
 */
import { constantOf, type Constant } from "../onnx/constant.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { prune } from "../passes/prune.ts";
import { elementCount } from "../tensor/shape.ts";
import type { CrossAttention } from "./find-cross-attention.ts";

/** Name of the flat input [N]. */
export const QUERY_OUT_INPUT = "query_out";

export interface QueryOutPart {
  readonly block: number;
  readonly role: "query" | "out" | "out-bias";
  readonly offset: number;
  /** Frozen values; matrices are as the graph's products read them (see `transposed`). */
  readonly constant: Constant;
  /** True where the matrix is [features, inputs], as PyTorch keeps it; else it is [inputs, features]. */
  readonly transposed: boolean;
}

export interface QueryOutLayout {
  readonly length: number;
  readonly parts: readonly QueryOutPart[];
}

export function exposeQueryOut(
  graph: Graph,
  blocks: readonly CrossAttention[],
): { readonly graph: Graph; readonly layout: QueryOutLayout } {
  // Per node, because equal constants of several blocks may share one name.
  const replaced = new Map<Node, { readonly from: string; readonly to: string }>();
  const parts: QueryOutPart[] = [];
  const pieces: string[] = [];
  const reshapes: Node[] = [];
  const types = new Map(graph.types);
  const constants = new Map(graph.constants);
  let offset = 0;
  const expose = (
    block: number,
    role: QueryOutPart["role"],
    node: Node,
    name: string,
    transposed: boolean,
  ): void => {
    const constant = graph.constants.get(name)!;
    const length = elementCount(constant.dims);
    const exposed = `${QUERY_OUT_INPUT}/${parts.length}`;
    const piece = constant.dims.length === 1 ? exposed : `${exposed}/flat`;
    parts.push({ block, role, offset, constant, transposed });
    offset += length;
    pieces.push(piece);
    replaced.set(node, { from: name, to: exposed });
    types.set(exposed, { dtype: constant.dtype, dims: constant.dims });
    if (piece === exposed) return;
    types.set(piece, { dtype: constant.dtype, dims: [length] });
    constants.set(
      `${exposed}/shape`,
      constantOf("int64", [constant.dims.length], constant.dims),
    );
    reshapes.push({
      opType: "Reshape",
      name: `${exposed}/reshape`,
      inputs: [piece, `${exposed}/shape`],
      outputs: [exposed],
      attributes: new Map(),
    });
  };
  blocks.forEach(({ query, out, outBias }, block) => {
    expose(block, "query", query.node, query.weightName, query.transposed);
    expose(block, "out", out.node, out.weightName, out.transposed);
    expose(block, "out-bias", outBias.node, outBias.name, false);
  });
  const sizes = `${QUERY_OUT_INPUT}/sizes`;
  const lengths = parts.map(({ constant }) => elementCount(constant.dims));
  constants.set(sizes, constantOf("int64", [lengths.length], lengths));
  const split: Node = {
    opType: "Split",
    name: `${QUERY_OUT_INPUT}/split`,
    inputs: [QUERY_OUT_INPUT, sizes],
    outputs: pieces,
    attributes: new Map([["axis", { type: "int", value: 0 }]]),
  };
  const { dtype } = parts[0]!.constant;
  types.set(QUERY_OUT_INPUT, { dtype, dims: [offset] });
  const rewired = graph.nodes.map((node) => {
    const change = replaced.get(node);
    if (change === undefined) return node;
    const inputs = node.inputs.map((input) => (input === change.from ? change.to : input));
    return { ...node, inputs };
  });
  return {
    layout: { length: offset, parts },
    graph: prune({
      ...graph,
      inputs: [...graph.inputs, { name: QUERY_OUT_INPUT, dtype, dims: [offset] }],
      nodes: [split, ...reshapes, ...rewired],
      constants,
      types,
    }),
  };
}
