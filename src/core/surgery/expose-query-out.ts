/**
 * @file The face mode's second cut: the query and output projections of cross-attention become one flat input,
 * so that their gradients come out of the graph too (diffusers: CustomDiffusionAttnProcessor, train_q_out).
 */
import { type Constant, constantOf } from "../onnx/constant.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { type ExternalReader, materialiseFloat32 } from "../onnx/materialise.ts";
import { elementCount } from "../tensor/shape.ts";
import { prune } from "../passes/prune.ts";
import type { CrossAttention } from "./find-cross-attention.ts";
import { type Piece, splitPacked } from "./split-packed.ts";

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

/** What one node reads in place of its constant. */
interface Use {
  readonly node: Node;
  readonly from: string;
  readonly part: QueryOutPart;
}

/** @param graph the UNet after its K/V were exposed; `blocks` as found before */
export function exposeQueryOut(
  graph: Graph,
  blocks: readonly CrossAttention[],
): { readonly graph: Graph; readonly layout: QueryOutLayout } {
  const uses = usesOf(graph, blocks);
  const last = uses.at(-1)!.part;
  const length = last.offset + elementCount(last.constant.dims);
  const { dtype } = last.constant;
  const types = new Map(graph.types).set(QUERY_OUT_INPUT, { dtype, dims: [length] });
  const constants = new Map(graph.constants);
  // Per node, because equal constants of several blocks may share one name.
  const replaced = new Map<Node, { readonly from: string; readonly to: string }>();
  const reshapes: Node[] = [];
  const pieces = uses.map(({ node, from, part }, i): Piece => {
    const to = `${QUERY_OUT_INPUT}/${i}`;
    const { dims } = part.constant;
    replaced.set(node, { from, to });
    types.set(to, { dtype, dims });
    if (dims.length === 1) return { name: to, width: elementCount(dims) };
    constants.set(`${to}/shape`, constantOf("int64", [dims.length], dims));
    reshapes.push({
      opType: "Reshape",
      name: `${to}/reshape`,
      inputs: [`${to}/flat`, `${to}/shape`],
      outputs: [to],
      attributes: new Map(),
    });
    return { name: `${to}/flat`, width: elementCount(dims) };
  });
  const splits = splitPacked({ opset: graph.opset, types, constants }, QUERY_OUT_INPUT, 0, pieces);
  const rewired = graph.nodes.map((node) => {
    const change = replaced.get(node);
    if (change === undefined) return node;
    const inputs = node.inputs.map((input) => (input === change.from ? change.to : input));
    return { ...node, inputs };
  });
  return {
    layout: { length, parts: uses.map(({ part }) => part) },
    graph: prune({
      ...graph,
      inputs: [...graph.inputs, { name: QUERY_OUT_INPUT, dtype, dims: [length] }],
      nodes: [...splits, ...reshapes, ...rewired],
      constants,
      types,
    }),
  };
}

function usesOf(graph: Graph, blocks: readonly CrossAttention[]): Use[] {
  const uses: Use[] = [];
  let offset = 0;
  const add = (
    node: Node,
    from: string,
    facts: Pick<QueryOutPart, "block" | "role" | "transposed">,
  ) => {
    const constant = graph.constants.get(from)!;
    uses.push({ node, from, part: { ...facts, offset, constant } });
    offset += elementCount(constant.dims);
  };
  blocks.forEach(({ query, out, outBias }, block) => {
    add(query.node, query.weightName, { block, role: "query", transposed: query.transposed });
    add(out.node, out.weightName, { block, role: "out", transposed: out.transposed });
    add(outBias.node, outBias.name, { block, role: "out-bias", transposed: false });
  });
  return uses;
}

/** The frozen query and output projections as the flat input [N], float32. */
export async function packedQueryOut(
  layout: QueryOutLayout,
  read: ExternalReader,
): Promise<Float32Array> {
  const packed = new Float32Array(layout.length);
  for (const { constant, offset } of layout.parts) {
    packed.set(await materialiseFloat32(constant, read), offset);
  }
  return packed;
}
