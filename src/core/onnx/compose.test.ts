/** @file Graphs one behind the other compute what they compute in turn, whatever their values are called. */
import { expect, it } from "vitest";
import { ndArray } from "../tensor/nd-array.ts";
import { compose, nameIn, type Part } from "./compose.ts";
import { type Constant, constantOf, joinConstants, transposeConstant } from "./constant.ts";
import { Emitter, smallValue } from "./emit.ts";
import { evaluateGraph } from "./evaluate.ts";
import { emptyGraph, type Graph } from "./graph.ts";
import { fromAbove, relocated } from "./relocate.ts";

const TYPE = { dtype: "float32" as const, dims: [2] };

/** x · factor + shared, with names that every such graph has. */
function scaled(factor: number, opset = 18): { readonly graph: Graph; readonly result: string } {
  const emit = new Emitter(emptyGraph(opset));
  const [x, shared] = [emit.input("x", TYPE), emit.input("shared", TYPE)];
  const product = emit.op("Mul", [
    x,
    emit.constant(constantOf("float32", [2], [factor, 2 * factor])),
  ]);
  const result = emit.op("Add", [product, shared]);
  return { graph: emit.finish([result]), result };
}

it("wires one graph's value to the next one's input, and shares inputs of one name", () => {
  const [one, two] = [scaled(3), scaled(5)];
  const first: Part = { graph: one.graph, prefix: "first/" };
  const second: Part = {
    graph: two.graph,
    prefix: "second/",
    given: { x: nameIn(first, one.result) },
  };
  const outputs = [nameIn(first, one.result), nameIn(second, two.result)];
  const whole = compose([first, second], outputs);
  expect(whole.inputs.map(({ name }) => name)).toEqual(["x", "shared"]);
  expect(whole.outputs.map(({ dims }) => dims)).toEqual([[2], [2]]);
  const feeds = new Map([
    ["x", ndArray("float32", [2], [1, 2])],
    ["shared", ndArray("float32", [2], [10, 20])],
  ]);
  const values = evaluateGraph(whole, feeds, outputs, (_, constant) => smallValue(constant)!);
  expect([...values.get(outputs[0]!)!.data]).toEqual([13, 32]);
  expect([...values.get(outputs[1]!)!.data]).toEqual([75, 340]);
});

it("refuses graphs of different operator sets", () => {
  const parts = [scaled(1, 17), scaled(1, 18)].map(({ graph }, i) => ({ graph, prefix: `${i}/` }));
  expect(() => compose(parts, [])).toThrow("operator sets 17 and 18");
});

it("says where external data is from a folder above, whatever is made of it", () => {
  const stored: Constant = {
    dtype: "float32",
    dims: [2, 3],
    data: { kind: "external", location: "model.onnx_data", offset: 8, length: 24 },
  };
  const made = joinConstants([
    transposeConstant(stored, [1, 0]),
    transposeConstant(stored, [1, 0]),
  ]);
  const graph = { ...emptyGraph(18), constants: new Map([["made", made]]) };
  const moved = JSON.stringify(relocated(graph, "unet").constants.get("made"));
  expect(moved.match(/"location":"unet\/model\.onnx_data"/g)).toHaveLength(2);
  expect(moved.replaceAll("unet/", "")).toBe(JSON.stringify(made));
});

it("leaves where it is what lies in the folder above", () => {
  const location = fromAbove("vae/model.safetensors");
  const stored: Constant = {
    dtype: "float32",
    dims: [2],
    data: { kind: "external", location, offset: 8, length: 8 },
  };
  const graph = { ...emptyGraph(18), constants: new Map([["w", stored]]) };
  const { data } = relocated(graph, "vae_decoder").constants.get("w")!;
  expect(data).toMatchObject({ location: "vae/model.safetensors" });
});
