/** @file Memory of a small graph counted by hand: what is alive at its fullest moment. */
import { expect, it } from "vitest";
import { int } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { emptyGraph } from "../onnx/graph.ts";
import { graphMemory } from "./memory.ts";

it("counts a chain, whose tensors end one after the other, and what a later node still needs", () => {
  const emit = new Emitter(emptyGraph(17));
  const x = emit.input("x", { dtype: "float32", dims: [10] });
  const weight = emit.constant(constantOf("float32", [10], new Float32Array(10).fill(2)), "weight");
  const a = emit.op("Mul", [x, weight]);
  const b = emit.op("Exp", [a]);
  const c = emit.op("Tanh", [b]);
  // x, a and b are needed no more once c is there; a is read again here.
  const d = emit.op("Add", [c, a]);
  const memory = graphMemory(emit.finish([d]));
  // 40 bytes each: at Tanh a, b and c are alive; at Add c, a and d.
  expect(memory).toMatchObject({ weights: 40, activations: 120 });
});

it("counts a view as what it is a view of, and buffers by their size", () => {
  const emit = new Emitter(emptyGraph(17));
  const x = emit.input("x", { dtype: "float32", dims: [8] });
  const a = emit.op("Exp", [x]);
  const seen = emit.op("Reshape", [a, emit.ints([2, 4])]);
  const b = emit.op("ReduceSum", [seen, emit.ints([1])], { keepdims: int(1) });
  const c = emit.op("Mul", [seen, b]);
  const d = emit.op("Tanh", [c]);
  const memory = graphMemory(emit.finish([d]));
  // 32 bytes each but for b with 8. At Mul: a (seen), b and c.
  expect(memory.activations).toBe(32 + 8 + 32);
  // x's buffer becomes c's, a's becomes d's; b's 8 bytes take 16 of their own.
  expect(memory.pooled).toBe(32 + 32 + 16);
  expect(memory.largest).toBe(32);
});
