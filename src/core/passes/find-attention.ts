/** @file Attention in a graph: O = softmax(s A·B + M)·V, whose scores and probabilities nothing else reads. */
import { intAttribute } from "../onnx/attributes.ts";
import { smallValue } from "../onnx/emit.ts";
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
  /** What stands between scores and softmax: the scale, the mask. */
  readonly between: readonly Node[];
  /** Factor s of the scores, 1 where there is none. */
  readonly scale: number;
  /** Matrices of a batch: heads times images. */
  readonly heads: number;
  /** T, queries of a head. */
  readonly rows: number;
  /** Bytes of one head's scores, in float32. */
  readonly headBytes: number;
}

/** Attention whose scores may have a mask added. */
export interface MaskedAttention extends Attention {
  /** A constant M. */
  readonly mask: string | undefined;
}

/** Every attention of the graph without a mask whose scores take more than `bytes`. */
export function attentions(graph: Graph, bytes: number): Attention[] {
  return maskedAttentions(graph).filter(
    ({ heads, headBytes, mask }) => heads * headBytes > bytes && mask === undefined,
  );
}

/** Every attention of the graph. */
export function maskedAttentions(graph: Graph): MaskedAttention[] {
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

  /** The product behind scores that only `reader` reads, and what became of it. */
  const behind = (
    value: string,
    reader: Node,
  ): Pick<MaskedAttention, "scores" | "between" | "scale" | "mask"> | undefined => {
    const node = producers.get(value);
    if (node === undefined || only(value) !== reader) return undefined;
    if (node.opType === "MatMul") return { scores: node, between: [], scale: 1, mask: undefined };
    const constant = node.inputs.find((input) => graph.constants.has(input)) ?? "";
    const other = node.inputs.find((input) => input !== constant) ?? "";
    const before = constant === "" ? undefined : behind(other, node);
    if (before === undefined || before.mask !== undefined) return undefined;
    const between = [...before.between, node];
    if (node.opType === "Add") return { ...before, between, mask: constant };
    const factor = smallValue(graph.constants.get(constant))?.data;
    if (node.opType !== "Mul" || factor?.length !== 1) return undefined;
    return { ...before, between, scale: before.scale * factor[0]! };
  };

  return graph.nodes.flatMap((softmax): MaskedAttention[] => {
    const [s = "", p = ""] = [softmax.inputs[0], softmax.outputs[0]];
    const rank = dims(p).length;
    if (softmax.opType !== "Softmax" || rank < 3) return [];
    if (normalAxis(intAttribute(softmax, "axis", -1), rank) !== rank - 1) return [];
    const found = behind(s, softmax);
    const product = only(p);
    if (found === undefined || product?.opType !== "MatMul") return [];
    if (product.inputs[0] !== p || product.inputs[1] === p) return [];
    const { scores } = found;
    const [left = "", right = ""] = scores.inputs;
    const values = product.inputs[1] ?? "";
    const batch = dims(p).slice(0, -2);
    const whole = [left, right, values].every(
      (name) => dims(name).length === rank && batch.every((d, i) => dims(name)[i] === d),
    );
    const heads = elementCount(batch);
    const headBytes = (4 * elementCount(dims(p))) / heads;
    const rows = dims(p).at(-2) ?? 1;
    return whole
      ? [{ ...found, left, right, values, softmax, product, heads, rows, headBytes }]
      : [];
  });
}

/** How attention is taken apart: into chunks of some heads each, or, where one head is too much, of some of its queries. */
export interface Chunks {
  /** Heads of each chunk, or one for each block of queries. */
  readonly counts: readonly number[];
  /** Blocks that a head's queries are taken in. */
  readonly blocks: number;
}

/** As many heads as fit, shared out evenly; one at least, and of that as many equal blocks of queries as it takes. */
export function chunksOf({ heads, headBytes, rows }: Attention, bytes: number): Chunks {
  if (headBytes > bytes) {
    let blocks = Math.min(rows, Math.ceil(headBytes / Math.max(1, bytes)));
    while (rows % blocks !== 0) blocks++;
    return { counts: new Array<number>(heads * blocks).fill(1), blocks };
  }
  const chunks = Math.ceil(heads / Math.floor(bytes / headBytes));
  const counts = Array.from(
    { length: chunks },
    (_, i) => Math.floor(((i + 1) * heads) / chunks) - Math.floor((i * heads) / chunks),
  );
  return { counts, blocks: 1 };
}
