/** @file What a static graph needs in memory: its weights, and the most that its tensors take at any one time. */
import { constantBytes } from "../onnx/constant.ts";
import { type Graph, typeOf } from "../onnx/graph.ts";
import { byteSize } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";

export interface GraphMemory {
  /** Bytes of all constants. */
  readonly weights: number;
  /** Largest sum of the bytes of tensors alive at one node, when nodes run in order and each tensor lives from its maker to its last reader. */
  readonly activations: number;
}

/** Reshapes and the like are counted as copies, which onnxruntime may spare. */
export function graphMemory(graph: Graph): GraphMemory {
  const lastUse = new Map<string, number>();
  graph.nodes.forEach((node, i) => node.inputs.forEach((name) => lastUse.set(name, i)));
  for (const { name } of graph.outputs) lastUse.set(name, graph.nodes.length);
  const bytesOf = (name: string): number => {
    const type = name === "" || graph.constants.has(name) ? undefined : typeOf(graph, name);
    return type === undefined ? 0 : elementCount(type.dims) * byteSize(type.dtype);
  };
  let alive = graph.inputs.reduce((sum, { name }) => sum + bytesOf(name), 0);
  let activations = alive;
  graph.nodes.forEach((node, i) => {
    for (const output of node.outputs) alive += bytesOf(output);
    activations = Math.max(activations, alive);
    const ended = [...new Set(node.inputs), ...node.outputs.filter((name) => !lastUse.has(name))];
    for (const name of ended) if ((lastUse.get(name) ?? i) === i) alive -= bytesOf(name);
  });
  const constants = [...graph.constants.values()];
  return {
    weights: constants.reduce((sum, constant) => sum + constantBytes(constant), 0),
    activations,
  };
}
