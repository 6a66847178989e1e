/** @file Attention in a graph: O = softmax(A·B)·V, whose scores and probabilities nothing else reads. */
import { intAttribute } from "../onnx/attributes.ts";
import { consumersOf, type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { elementCount, normalAxis } from "../tensor/shape.ts";

/** From this operator set on Softmax has one axis, and Split takes its sizes as an input. */
const OPSET = 13;

export interface Attention {
  /** A [..., T, D], the queries. */
  readonly left: string;
  /** B [..., D, K], the keys, transposed. */
  readonly right: string;
  /** V [..., K, N]. */
  readonly values: string;
  /** The three nodes, in order. */
  readonly scores: Node;
  readonly softmax: Node;
  readonly product: Node;
  /** Matrices of a batch: heads times images. */
  readonly heads: number;
  /** Bytes of one head's scores, in float32. */
  readonly headBytes: number;
}

/** Every attention of the graph whose scores take more than `bytes`. */
export function attentions(graph: Graph, bytes: number): Attention[] {
  if (graph.opset < OPSET) return [];
  const producers = producersOf(graph);
  const readers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const only = (value: string): Node | undefined => {
    const [reader, ...others] = readers.get(value) ?? [];
    return others.length > 0 || outputs.has(value) ? undefined : reader;
  };
  const dims = (name: string | undefined): readonly number[] =>
    typeOf(graph, name ?? "")?.dims ?? [];

  return graph.nodes.flatMap((softmax): Attention[] => {
    const [s = "", p = ""] = [softmax.inputs[0], softmax.outputs[0]];
    const rank = dims(p).length;
    if (softmax.opType !== "Softmax" || rank < 3) return [];
    if (normalAxis(intAttribute(softmax, "axis", -1), rank) !== rank - 1) return [];
    const scores = producers.get(s);
    const product = only(p);
    if (scores?.opType !== "MatMul" || product?.opType !== "MatMul") return [];
    if (only(s) !== softmax || product.inputs[0] !== p || product.inputs[1] === p) return [];
    const [left = "", right = ""] = scores.inputs;
    const values = product.inputs[1] ?? "";
    const batch = dims(p).slice(0, -2);
    const whole = [left, right, values].every(
      (name) => dims(name).length === rank && batch.every((d, i) => dims(name)[i] === d),
    );
    const heads = elementCount(batch);
    const headBytes = (4 * elementCount(dims(p))) / heads;
    if (!whole || heads * headBytes <= bytes) return [];
    return [{ left, right, values, scores, softmax, product, heads, headBytes }];
  });
}

/** Heads of each chunk: as many as fit, shared out evenly, one at least. */
export function chunksOf({ heads, headBytes }: Attention, bytes: number): number[] {
  const most = Math.max(1, Math.floor(bytes / headBytes));
  const chunks = Math.ceil(heads / most);
  return Array.from(
    { length: chunks },
    (_, i) => Math.floor(((i + 1) * heads) / chunks) - Math.floor((i * heads) / chunks),
  );
}
