/** @file Operations of a few products, counted by hand. */
import { expect, it } from "vitest";
import { int, ints } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { emptyGraph } from "../onnx/graph.ts";
import { graphFlops } from "./flops.ts";

const floats = (...dims: number[]) => {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return constantOf("float32", dims, new Float32Array(count));
};

it("counts convolutions by their outputs, with groups", () => {
  const emit = new Emitter(emptyGraph(17));
  const x = emit.input("x", { dtype: "float32", dims: [2, 8, 6, 6] });
  const padded = { pads: ints([1, 1, 1, 1]) };
  const a = emit.op("Conv", [x, emit.constant(floats(4, 8, 3, 3))], padded);
  const grouped = { ...padded, group: int(2), strides: ints([2, 2]) };
  const b = emit.op("Conv", [a, emit.constant(floats(4, 2, 3, 3))], grouped);
  const first = 2 * (2 * 4 * 6 * 6) * (8 * 3 * 3);
  const second = 2 * (2 * 4 * 3 * 3) * (2 * 3 * 3);
  expect(graphFlops(emit.finish([b]))).toEqual({ convolution: first + second, matmul: 0 });
});

it("counts products of matrices, batched and transposed, and nothing else", () => {
  const emit = new Emitter(emptyGraph(17));
  const x = emit.input("x", { dtype: "float32", dims: [2, 3, 5, 7] });
  const y = emit.op("MatMul", [emit.op("Exp", [x]), emit.constant(floats(7, 11))]);
  const a = emit.input("a", { dtype: "float32", dims: [5, 3] });
  const z = emit.op("Gemm", [a, emit.constant(floats(5, 4))], { transA: int(1) });
  const matmul = 2 * (2 * 3 * 5 * 11) * 7 + 2 * (3 * 4) * 5;
  expect(graphFlops(emit.finish([y, z]))).toEqual({ convolution: 0, matmul });
});
