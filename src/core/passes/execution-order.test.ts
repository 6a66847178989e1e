/** @file The order of a small graph by onnxruntime's rule; engine/ort/execution-order.wasm.test.ts holds it to onnxruntime. */
import { expect, it } from "vitest";
import { empty, input } from "../autodiff/small-graph.test-support.ts";
import { executionOrder } from "./execution-order.ts";

it("goes from what nothing reads, the later input first, and computes the last such node first", () => {
  const emit = empty();
  const x = input(emit, "x", 4);
  const early = emit.op("Tanh", [x]);
  const late = emit.op("Sigmoid", [x]);
  const both = emit.op("Add", [early, late]);
  const aside = emit.op("Neg", [early]);
  const graph = emit.finish([both, aside]);
  expect(executionOrder(graph).map(({ opType }) => opType)).toEqual([
    "Tanh",
    "Neg",
    "Sigmoid",
    "Add",
  ]);
});
