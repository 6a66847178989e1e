/** @file Cuts a UNet at its key and value projections: they leave the graph, one packed input takes their place. */
import { ints } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { type Graph, type Node, type TensorType, typeOf } from "../onnx/graph.ts";
import { sameDims } from "../tensor/shape.ts";
import { prune } from "../passes/prune.ts";
import type { CrossAttention } from "./find-cross-attention.ts";
import { type KvLayout, kvLayout } from "./kv-layout.ts";

/** Name of the packed input [B, L, S]. */
export const KV_INPUT = "kv";

export interface ExposedKv {
  /** The UNet without text input: sample, timestep and `kv` go in. */
  readonly graph: Graph;
  readonly layout: KvLayout;
}

/**
 * Removes the projections and splits the packed `kv` input into their results inside the graph: one buffer to
 * bind, and by the rule of Split one packed gradient to read.
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
  const dtype = typeOf(graph, projections[0]!.output)!.dtype;
  const head: Node[] = [];
  const pieces = projections.map(({ output }, i): string => {
    const wanted = types.get(output)!;
    const piece: TensorType = { dtype, dims: [shape.batch, shape.tokens, layout.parts[i]!.width] };
    if (sameDims(piece.dims, wanted.dims)) return output;
    const name = `${KV_INPUT}/piece_${i}`;
    const target = `${name}/shape`;
    types.set(name, piece);
    constants.set(target, constantOf("int64", [wanted.dims.length], wanted.dims));
    head.push({
      opType: "Reshape",
      name: `${name}/reshape`,
      inputs: [name, target],
      outputs: [output],
      attributes: new Map(),
    });
    return name;
  });
  const sizes = `${KV_INPUT}/sizes`;
  const widths = layout.parts.map((part) => part.width);
  constants.set(sizes, constantOf("int64", [widths.length], widths));
  const split: Node = {
    opType: "Split",
    name: `${KV_INPUT}/split`,
    inputs: graph.opset >= 13 ? [KV_INPUT, sizes] : [KV_INPUT],
    outputs: pieces,
    attributes: new Map([
      ["axis", { type: "int", value: 2 }],
      ...(graph.opset >= 13 ? [] : ([["split", ints(widths)]] as const)),
    ]),
  };
  const removed = new Set(projections.map(({ node }) => node));
  const type: TensorType = { dtype, dims: [shape.batch, shape.tokens, layout.columns] };
  types.set(KV_INPUT, type);
  return {
    layout,
    graph: prune({
      ...graph,
      inputs: [...graph.inputs, { name: KV_INPUT, ...type }],
      nodes: [split, ...head, ...graph.nodes.filter((node) => !removed.has(node))],
      constants,
      types,
    }),
  };
}
