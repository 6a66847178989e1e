/** @file Memory of a small graph counted by hand: what is alive at its fullest moment. */
import { expect, it } from "vitest";
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
  expect(memory).toEqual({ weights: 40, activations: 120 });
});
