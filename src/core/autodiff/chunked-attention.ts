/**
 * @file The gradient of attention a few heads, or some queries of one, at a time: probabilities are computed again from queries and keys, and all
 * that is made of a head's scores is made while they are in the processor's cache. No [T, K] tensor of all heads is kept
 * for it or moved through memory.
 */
import { int } from "../onnx/attributes.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { type Attention, attentions, chunksOf } from "../passes/find-attention.ts";
import { splitMany } from "../passes/split-many.ts";
import { elementCount } from "../tensor/shape.ts";
import type { Maker } from "./make.ts";
import type { Step } from "./path.ts";

export interface ChunkedAttention {
  /** dX of the three inputs, by name, from dO. */
  gradients(make: Maker, dO: string): readonly (readonly [name: string, gradient: string])[];
}

/** Attentions with more than `bytes` of scores whose three inputs are all on the path, by their last node. */
export function chunkedAttentions(
  graph: Graph,
  path: readonly Step[],
  wanted: readonly string[],
  bytes: number,
): Map<Node, ChunkedAttention> {
  const entered = new Map(path.map(({ node, inputs }) => [node, inputs.length]));
  const found = new Map<Node, ChunkedAttention>();
  for (const one of attentions(graph, bytes)) {
    const { scores, between, softmax, product } = one;
    const inner = [scores, ...between, softmax].map(({ outputs }) => outputs[0]);
    if (entered.get(scores) !== 2 || entered.get(product) !== 2) continue;
    if (wanted.some((name) => inner.includes(name))) continue;
    found.set(product, { gradients: (make, dO) => gradients(make, one, dO, bytes) });
  }
  return found;
}

/**
 * With Q = s A, S = Q·B, P = softmax S, O = P·V a head, and δ = Σ dO∘O a row (rules/attention.ts):
 *   E = [dO, -δ]·[V, 1]ᵀ      dS = P ∘ E      dA = s dS·Bᵀ      dB = Qᵀ·dS      dVᵀ = dOᵀ·P
 * What a chunk gives leaves it as one tensor: so it is computed before the next chunk begins. What goes in has come
 * through another Split than in the forward pass, so that onnxruntime does not take P for the one that was there before
 * and keep it.
 */
function gradients(
  make: Maker,
  attention: Attention,
  dO: string,
  bytes: number,
): (readonly [string, string])[] {
  const { emit } = make;
  const { left: a, right: b, values: v, product, heads, scale } = attention;
  const { dtype, dims } = emit.type(a);
  const batch = dims.slice(0, -2);
  const [rows = 1, depth = 1] = dims.slice(-2);
  const [keys = 1, width = 1] = make.dims(v).slice(-2);
  const { counts, blocks } = chunksOf(attention, bytes);

  const turned = (x: string): string => {
    const rank = make.dims(x).length;
    const perm = Array.from({ length: rank }, (_, i) => i);
    perm.push(...perm.splice(rank - 2).reverse());
    return make.transpose(x, perm);
  };
  const flat = (x: string): string => make.reshape(x, [heads, ...make.dims(x).slice(-2)]);
  const inBlocks = (x: string): string =>
    make.reshape(x, [heads * blocks, rows / blocks, make.dims(x).at(-1) ?? 1]);
  const beside = (parts: readonly string[], axis: number): string =>
    emit.op("Concat", parts, { axis: int(axis) });
  const split = (x: string, sizes: readonly number[], axis: number): readonly string[] =>
    splitMany(emit, x, sizes, axis);
  const matMul = (x: string, y: string): string => emit.op("MatMul", [x, y]);

  const scaled = (x: string): string => (scale === 1 ? x : make.mul(x, emit.scalar(scale, dtype)));

  const last = dims.length - 1;
  const delta = make.neg(
    make.reduce("ReduceSum", make.mul(dO, product.outputs[0] ?? ""), [last], true),
  );
  const ones = make.fill(dtype, [heads, keys, 1], 1);
  const three = [scaled(a), dO, delta].map(inBlocks);
  const queries = split(beside(three, 2), counts, 0);
  const heldBy = blocks === 1 ? counts : new Array<number>(heads).fill(1);
  const keysAndValues = split(beside([flat(turned(b)), flat(v), ones], 2), heldBy, 0);

  const parts = counts.map((count, i) => {
    const [q = "", dOut = ""] = split(queries[i] ?? "", [depth, width + 1], 2);
    const [k = "", out = ""] = split(
      keysAndValues[Math.floor(i / blocks)] ?? "",
      [depth, width + 1],
      2,
    );
    const [dOutAlone = ""] = split(dOut, [width, 1], 2);
    const p = emit.op("Softmax", [matMul(q, turned(k))], { axis: int(-1) });
    const dS = make.mul(p, matMul(dOut, turned(out)));
    const each = [matMul(dS, k), matMul(turned(q), dS), matMul(turned(dOutAlone), p)];
    return beside(
      each.map((x) => make.reshape(x, [count, elementCount(make.dims(x)) / count])),
      1,
    );
  });
  const sizes = [(rows / blocks) * depth, keys * depth, keys * width];
  const [dA = "", dB = "", dV = ""] = split(beside(parts, 0), sizes, 1);
  // Every block of a head's queries has its own part in the gradients of the head's keys and values.
  const ofHead = (x: string): string =>
    blocks === 1
      ? x
      : make.reduce(
          "ReduceSum",
          make.reshape(x, [heads, blocks, make.dims(x)[1] ?? 1]),
          [1],
          false,
        );
  return [
    [a, scaled(make.reshape(dA, [...batch, rows, depth]))],
    [b, make.reshape(ofHead(dB), [...batch, depth, keys])],
    [v, turned(make.reshape(ofHead(dV), [...batch, width, keys]))],
  ];
}
