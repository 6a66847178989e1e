/**
 * @file Attention over many positions computed a few heads at a time, so that their scores stay in the processor's cache
 * from the product to the softmax to the next product; where one head is too many, a block of its queries at a time. Exact: a
 * head has nothing to do with another, nor has a query.
 */
import { int } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import { type Graph, type Node } from "../onnx/graph.ts";
import { type Attention, attentions, chunksOf } from "./find-attention.ts";
import { splitMany } from "./split-many.ts";

/** The graph with every attention whose scores take more than `bytes` in chunks that have no more, as far as one query has not. */
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
  const { left, right, values, product, heads, rows, scale } = attention;
  const { counts, blocks } = chunksOf(attention, bytes);
  const flat = (x: string, ...dims: readonly number[]): string =>
    emit.op("Reshape", [x, emit.ints(dims)]);
  const ofHeads = (x: string): readonly string[] =>
    splitMany(
      emit,
      flat(x, heads, ...emit.type(x).dims.slice(-2)),
      blocks === 1 ? counts : new Array<number>(heads).fill(1),
      0,
    );
  const depth = emit.type(left).dims.at(-1) ?? 1;
  const queries = flat(times(emit, left, scale), heads * blocks, rows / blocks, depth);
  const q = splitMany(emit, queries, counts, 0);
  const [k, v] = [ofHeads(right), ofHeads(values)];
  const parts = counts.map((_, i) => {
    const head = Math.floor(i / blocks);
    const scores = emit.op("MatMul", [q[i] ?? "", k[head] ?? ""]);
    const p = emit.op("Softmax", [scores], { axis: int(-1) });
    return emit.op("MatMul", [p, v[head] ?? ""]);
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
