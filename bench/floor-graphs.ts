/** @file The products that hold most of a graph's work, each as a graph of its own. */
import { Emitter } from "../src/core/onnx/emit.ts";
import { type Constant, constantOf } from "../src/core/onnx/constant.ts";
import { emptyGraph, type Graph, type Node, typeOf } from "../src/core/onnx/graph.ts";
import type { SupportedOp } from "../src/core/onnx/operators/supported.ts";
import { nodeFlops } from "../src/core/passes/flops.ts";
import { normal } from "../src/core/random/normal.ts";
import { elementCount } from "../src/core/tensor/shape.ts";

export type Family = "convolution" | "matmul";

const OPERATORS: Readonly<Record<Family, readonly SupportedOp[]>> = {
  convolution: ["Conv"],
  matmul: ["MatMul", "Gemm"],
};

export interface Product {
  readonly graph: Graph;
  /** Operations of one. */
  readonly flops: number;
  /** How many of the same shape there are. */
  readonly count: number;
}

/**
 * The `most` kinds of product with weights, by shape, on which most operations are spent. Those of attention, whose both
 * sides are computed, have an inner size of a head's and are slow alone; the studio's own function for them is not.
 */
export function heaviestProducts(graph: Graph, family: Family, most: number): Product[] {
  const kinds = new Map<string, { readonly node: Node; readonly flops: number; count: number }>();
  for (const node of graph.nodes) {
    if (!OPERATORS[family].some((operator) => operator === node.opType)) continue;
    const shapes = node.inputs.map((name) => typeOf(graph, name)?.dims);
    const frozen = node.inputs.map((name) => graph.constants.has(name));
    if (!frozen.includes(true)) continue;
    const attributes = [...node.attributes].map(([name, { value }]) => [name, value]);
    const key = JSON.stringify([node.opType, shapes, frozen, attributes]);
    const kind = kinds.get(key) ?? { node, flops: nodeFlops(graph, node), count: 0 };
    kind.count++;
    kinds.set(key, kind);
  }
  return [...kinds.values()]
    .sort((a, b) => b.flops * b.count - a.flops * a.count)
    .slice(0, most)
    .map(({ node, flops, count }) => ({ graph: alone(graph, node), flops, count }));
}

/** A product that takes next to no time. */
export function smallestProduct(): Graph {
  const emit = new Emitter(emptyGraph(18));
  const x = emit.input("x", { dtype: "float32", dims: [16, 8] });
  return emit.finish([emit.op("MatMul", [x, emit.constant(someWeights([8, 8], 1), "weights")])]);
}

/** The node as a graph: what is frozen stays frozen, what was computed goes in. */
function alone(graph: Graph, node: Node): Graph {
  const emit = new Emitter(emptyGraph(graph.opset));
  const inputs = node.inputs.map((name, i) => {
    const type = typeOf(graph, name);
    if (type === undefined) return "";
    return graph.constants.has(name)
      ? emit.constant(someWeights(type.dims, i + 1), `weights_${i}`)
      : emit.input(`input_${i}`, { dtype: type.dtype, dims: type.dims });
  });
  const attributes = Object.fromEntries(node.attributes);
  return emit.finish(emit.many(node.opType as SupportedOp, inputs, 1, attributes));
}

function someWeights(dims: readonly number[], seed: number): Constant {
  return constantOf("float32", dims, normal(seed, elementCount(dims)));
}
