/** @file Anybody's graph made runnable: open dimensions and foreign types. */
import { expect, it } from "vitest";
import { emptyGraph, type Graph } from "../../src/core/onnx/graph.ts";
import { castEdges, fixDims } from "./foreign-graph.ts";

const graph: Graph = {
  ...emptyGraph(17),
  inputs: [
    { name: "ids", dtype: "int64", dims: ["batch", 77, null] },
    { name: "x", dtype: "float32", dims: ["batch", "width"] },
  ],
  outputs: [{ name: "y", dtype: "float16", dims: ["batch"] }],
};

it("fixes open dimensions as told, and to 1 else, and says so", () => {
  const { graph: made, fixed } = fixDims(graph, new Map([["batch", 4]]));
  expect(made.inputs.map(({ dims }) => dims)).toEqual([
    [4, 77, 1],
    [4, 1],
  ]);
  expect(fixed).toEqual(["batch = 4", "ids[2] = 1", "width = 1"]);
});

it("refuses a dimension that there is not", () => {
  expect(() => fixDims(graph, new Map([["height", 4]]))).toThrow(
    '--dim names "height", which no input of the file has; its open dimensions are batch, width.',
  );
});

it("passes numbers in and out as float32 or int32", () => {
  const { inputs, outputs, nodes } = castEdges(graph);
  expect(inputs.map(({ name, dtype }) => [name, dtype])).toEqual([
    ["ids__int32", "int32"],
    ["x", "float32"],
  ]);
  expect(outputs.map(({ name, dtype }) => [name, dtype])).toEqual([["y__float32", "float32"]]);
  expect(nodes.map(({ inputs: [from], outputs: [to] }) => [from, to])).toEqual([
    ["ids__int32", "ids"],
    ["y", "y__float32"],
  ]);
});
