/** @file Cuts a UNet at its key and value projections: they leave the graph, one packed input takes their place. */
import { constantOf } from "../onnx/constant.ts";
import { type Graph, type Node, type TensorType, typeOf } from "../onnx/graph.ts";
import { sameDims } from "../tensor/shape.ts";
import { prune } from "../passes/prune.ts";
import type { CrossAttention } from "./find-cross-attention.ts";
import { type KvLayout, kvLayout } from "./kv-layout.ts";
import { type Piece, splitPacked } from "./split-packed.ts";

/** Name of the packed input [B, L, S]. */
export const KV_INPUT = "kv";

export interface ExposedKv {
  /** The UNet without text input: sample, timestep and `kv` go in. */
  readonly graph: Graph;
  readonly layout: KvLayout;
}

/**
 * Removes the projections and splits the packed `kv` input into their results inside the graph: one buffer to
 * bind, one packed gradient to read.
 * @param shape batch size B and number of text positions L
 */
export function exposeKv(
  graph: Graph,
  blocks: readonly CrossAttention[],
  shape: { readonly batch: number; readonly tokens: number },
): ExposedKv {
  const layout = kvLayout(blocks);
  const projections = blocks.flatMap(({ key, value }) => [key, value]);
  const types = new Map(graph.types);
  const constants = new Map(graph.constants);
  const { dtype } = typeOf(graph, projections[0]!.output)!;
  const type: TensorType = { dtype, dims: [shape.batch, shape.tokens, layout.columns] };
  types.set(KV_INPUT, type);
  // An export that projects [B·L, E] rows wants its result in that shape.
  const reshapes: Node[] = [];
  const pieces = projections.map(({ output, features: width }, i): Piece => {
    const wanted = types.get(output)!.dims;
    if (sameDims(wanted, [shape.batch, shape.tokens, width])) return { name: output, width };
    const name = `${KV_INPUT}/piece_${i}`;
    constants.set(`${name}/shape`, constantOf("int64", [wanted.length], wanted));
    reshapes.push({
      opType: "Reshape",
      name: `${name}/reshape`,
      inputs: [name, `${name}/shape`],
      outputs: [output],
      attributes: new Map(),
    });
    return { name, width };
  });
  const splits = splitPacked({ opset: graph.opset, types, constants }, KV_INPUT, 2, pieces);
  const removed = new Set(projections.map(({ node }) => node));
  return {
    layout,
    graph: prune({
      ...graph,
      inputs: [...graph.inputs, { name: KV_INPUT, ...type }],
      nodes: [...splits, ...reshapes, ...graph.nodes.filter((node) => !removed.has(node))],
      constants,
      types,
    }),
  };
}
