/**
 * @file Attention over many positions computed a few heads at a time, so that their scores stay in the processor's cache
 * from the product to the softmax to the next product. Exact: a head has nothing to do with another.
 */
import { int } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import { type Graph, type Node } from "../onnx/graph.ts";
import { type Attention, attentions, chunksOf } from "./find-attention.ts";

/** The graph with every attention whose scores take more than `bytes` in chunks of as many heads as fit. */
export function chunkAttention(graph: Graph, bytes: number): Graph {
  const large = attentions(graph, bytes);
  if (large.length === 0) return graph;
  const byProduct = new Map<Node, Attention>(large.map((one) => [one.product, one]));
  const gone = new Set<Node>(
    large.flatMap(({ scores, between, softmax }) => [scores, ...between, softmax]),
  );
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    const attention = byProduct.get(node);
    if (attention !== undefined) emitChunks(emit, attention, bytes);
    else if (!gone.has(node)) emit.copy(node);
  }
  return emit.finish(graph.outputs.map(({ name }) => name));
}

function emitChunks(emit: Emitter, attention: Attention, bytes: number): void {
  const { left, right, values, product, heads, scale } = attention;
  const counts = chunksOf(attention, bytes);
  const pieces = (x: string): readonly string[] => {
    const flat = emit.op("Reshape", [x, emit.ints([heads, ...emit.type(x).dims.slice(-2)])]);
    return splitRows(emit, flat, counts);
  };
  const [q, k, v] = [pieces(times(emit, left, scale)), pieces(right), pieces(values)];
  const parts = counts.map((_, i) => {
    const p = emit.op("Softmax", [emit.op("MatMul", [q[i] ?? "", k[i] ?? ""])], { axis: int(-1) });
    return emit.op("MatMul", [p, v[i] ?? ""]);
  });
  const dims = [...emit.type(left).dims.slice(0, -1), emit.type(values).dims.at(-1) ?? 1];
  const all = emit.op("Concat", parts, { axis: int(0) });
  // The value keeps its name for those that read it.
  const output = product.outputs[0] ?? "";
  emit.copy({
    opType: "Reshape",
    name: output,
    inputs: [all, emit.ints(dims)],
    outputs: [output],
    attributes: new Map(),
  });
}

/** Queries times the scale of their scores, which are many more. */
function times(emit: Emitter, x: string, scale: number): string {
  return scale === 1 ? x : emit.op("Mul", [x, emit.scalar(scale, emit.type(x).dtype)]);
}

/** A tensor cut along its first axis. */
function splitRows(emit: Emitter, x: string, counts: readonly number[]): readonly string[] {
  return emit.many("Split", [x, emit.ints(counts)], counts.length, { axis: int(0) });
}
