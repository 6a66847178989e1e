/**
 * @file The gated GELU and the product after it as one operator, and the product before its gradient, the gradient and the
 * product after. Just before a session is made, of products that are operators already.
 */
import { joinConstants } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { consumersOf, type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { elementCount } from "../tensor/shape.ts";
import { prune } from "./prune.ts";

export interface FeedForwardLimits {
  /** How wide h may be. */
  readonly width: number;
}

export function fuseFeedForward(graph: Graph, { width }: FeedForwardLimits): Graph {
  const producers = producersOf(graph);
  const consumers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  /** The node that makes a value which nothing else reads. */
  const only = (value: string | undefined, opType: string): Node | undefined => {
    const node = producers.get(value ?? "");
    const readers = consumers.get(value ?? "") ?? [];
    const alone = readers.length === 1 && !outputs.has(value ?? "");
    return alone && node?.opType === opType ? node : undefined;
  };
  const fits = (halves: string): boolean => {
    const dims = typeOf(graph, halves)?.dims ?? [];
    const rows = elementCount(dims.slice(0, -1));
    return rows % 2 === 0 && (dims.at(-1) ?? Infinity) <= 2 * width;
  };
  const emit = Emitter.rewriting(graph);
  const replaced = (node: Node): Node | undefined => {
    const [input, packed = "", residual] = node.inputs;
    const gelu = only(input, "GatedGelu");
    if (gelu !== undefined && fits(gelu.inputs[0]!)) {
      const inputs = [gelu.inputs[0]!, packed, ...(residual === undefined ? [] : [residual])];
      return { ...node, opType: "GatedDense", inputs };
    }
    const gradient = residual === undefined ? only(input, "GatedGeluGradient") : undefined;
    const [halves = "", dValues] = gradient?.inputs ?? [];
    const before = only(dValues, "Dense");
    const [dOutput = "", packedBefore = "", more] = before?.inputs ?? [];
    const weights = [packedBefore, packed].map((name) => graph.constants.get(name));
    const [first, second] = weights;
    if (more !== undefined || first === undefined || second === undefined) return undefined;
    if (before === undefined || !fits(halves)) return undefined;
    const both = emit.constant(joinConstants([first, second]), "panels");
    return { ...node, opType: "FeedForwardGradient", inputs: [halves, both, dOutput] };
  };
  for (const node of graph.nodes) {
    emit.copy((node.opType === "Dense" ? replaced(node) : undefined) ?? node);
  }
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}
