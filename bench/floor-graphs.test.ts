/** @file The heaviest products of a small graph, each alone. */
import { expect, it } from "vitest";
import { constantOf } from "../src/core/onnx/constant.ts";
import { Emitter } from "../src/core/onnx/emit.ts";
import { emptyGraph } from "../src/core/onnx/graph.ts";
import { heaviestProducts } from "./floor-graphs.ts";

it("puts kinds of product by the work of all of a kind, frozen weights kept frozen", () => {
  const emit = new Emitter(emptyGraph(17));
  const x = emit.input("x", { dtype: "float32", dims: [4, 8] });
  const weights = (seed: number, ...dims: [number, number]): string =>
    emit.constant(constantOf("float32", dims, new Float32Array(dims[0] * dims[1]).fill(seed)));
  const a = emit.op("MatMul", [x, weights(1, 8, 8)]);
  const b = emit.op("MatMul", [a, weights(2, 8, 8)]);
  const c = emit.op("MatMul", [b, weights(3, 8, 12)]);
  const products = heaviestProducts(emit.finish([c]), "matmul", 2);
  expect(products.map(({ flops, count }) => [flops, count])).toEqual([
    [2 * 4 * 8 * 8, 2],
    [2 * 4 * 8 * 12, 1],
  ]);
  const [{ graph } = { graph: emptyGraph(17) }] = products;
  expect(graph.inputs.map(({ dims }) => dims)).toEqual([[4, 8]]);
  expect(graph.outputs.map(({ dims }) => dims)).toEqual([[4, 8]]);
  expect([graph.nodes.length, graph.constants.size]).toEqual([1, 1]);
  expect(heaviestProducts(emit.finish([c]), "convolution", 2)).toEqual([]);
});
