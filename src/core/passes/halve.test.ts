/** @file A graph cut in two at a late input computes the same, each thing once. */
import { expect, it } from "vitest";
import { constantOf } from "../onnx/constant.ts";
import { Emitter, smallValue } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { ndArray, type NdArray } from "../tensor/nd-array.ts";
import { halve } from "./halve.ts";

const TYPE = { dtype: "float32" as const, dims: [2] };

/** early = exp x; late = d · early² + √c, with d the late input and c a constant. */
function wholeGraph(): { readonly graph: Graph; readonly early: string; readonly late: string } {
  const emit = new Emitter(emptyGraph(18));
  const [x, d] = [emit.input("x", TYPE), emit.input("d", TYPE)];
  const early = emit.op("Exp", [x]);
  const root = emit.op("Sqrt", [emit.constant(constantOf("float32", [2], [4, 9]))]);
  const late = emit.op("Add", [emit.op("Mul", [d, emit.op("Mul", [early, early])]), root]);
  return { graph: emit.finish([early, late]), early, late };
}

const literal = (_: string, constant: Parameters<typeof smallValue>[0]): NdArray =>
  smallValue(constant)!;
const names = (values: readonly { readonly name: string }[]): string[] =>
  values.map(({ name }) => name);

it("keeps what the second half reads; what is of constants alone it computes itself", () => {
  const { graph, early, late } = wholeGraph();
  const { before, after, kept } = halve(graph, "d");
  expect(names(before.inputs)).toEqual(["x"]);
  expect(names(before.outputs)).toEqual([early, ...kept]);
  expect(names(after.outputs)).toEqual([late]);
  expect(new Set(names(after.inputs))).toEqual(new Set(["d", ...kept]));
  const operators = (half: Graph): string[] => half.nodes.map(({ opType }) => opType);
  expect(operators(before)).toEqual(["Exp", "Mul"]);
  expect(operators(after)).toEqual(["Sqrt", "Mul", "Add"]);
});

it("both halves give what the whole gives", () => {
  const { graph, early, late } = wholeGraph();
  const { before, after, kept } = halve(graph, "d");
  const [x, d] = [ndArray("float32", [2], [0.5, -1]), ndArray("float32", [2], [3, 5])];
  const feeds = new Map([
    ["x", x],
    ["d", d],
  ]);
  const whole = evaluateGraph(graph, feeds, [early, late], literal);
  const first = evaluateGraph(before, new Map([["x", x]]), [early, ...kept], literal);
  const second = evaluateGraph(after, new Map([...first, ["d", d]]), [late], literal);
  expect(first.get(early)!.data).toEqual(whole.get(early)!.data);
  expect(second.get(late)!.data).toEqual(whole.get(late)!.data);
});
