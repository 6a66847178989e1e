/** @file Graphs are evaluated from what is fed to what is asked for, and nothing else is touched. */
import { describe, expect, it } from "vitest";
import { type NdArray, ndArray, fromBytes } from "../tensor/nd-array.ts";
import { type Attribute, attributes, int } from "./attributes.ts";
import { type Constant, constantOf } from "./constant.ts";
import { evaluateGraph, evaluateNode } from "./evaluate.ts";
import type { Graph, Node } from "./graph.ts";

const node = (
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attrs: Readonly<Record<string, Attribute>> = {},
): Node => ({ opType, name: outputs[0] ?? opType, inputs, outputs, attributes: attributes(attrs) });

/** s = a + w; p = s · s; n = -a (never asked for); q, r = split(p). */
const GRAPH: Graph = {
  opset: 18,
  inputs: [{ name: "a", dtype: "float32", dims: ["n"] }],
  outputs: [{ name: "p", dtype: "float32", dims: [2] }],
  nodes: [
    node("Add", ["a", "w"], ["s"]),
    node("Mul", ["s", "s"], ["p"]),
    node("Add", ["a", "huge"], ["n"]),
    node("Split", ["p"], ["q", ""], { num_outputs: int(2) }),
  ],
  constants: new Map([
    ["w", constantOf("float32", [2], [1, 2])],
    ["huge", constantOf("float32", [], [0])],
  ]),
  types: new Map(),
};

const vector = (...values: number[]): NdArray => ndArray("float32", [values.length], values);

function reader(read: string[] = []): (name: string, constant: Constant) => NdArray {
  return (name, { dtype, dims, data }) => {
    read.push(name);
    if (data.kind !== "bytes") throw new Error(`"${name}" is not held as bytes`);
    return fromBytes(dtype, dims, data.bytes);
  };
}

const run = (feeds: Record<string, NdArray>, outputs: readonly string[], read?: string[]) =>
  evaluateGraph(GRAPH, new Map(Object.entries(feeds)), outputs, reader(read));

describe("evaluateGraph", () => {
  it("computes the outputs asked for, in their order, and reads only the constants they need", () => {
    const read: string[] = [];
    const values = run({ a: vector(10, 20) }, ["q", "p", "a", "w"], read);
    expect([...values].map(([name, { data }]) => [name, [...data]])).toEqual([
      ["q", [121]],
      ["p", [121, 484]],
      ["a", [10, 20]],
      ["w", [1, 2]],
    ]);
    expect(new Set(read)).toEqual(new Set(["w"]));
  });

  it("takes a fed intermediate value instead of computing it", () => {
    expect([...run({ s: vector(3, 4) }, ["p"]).get("p")!.data]).toEqual([9, 16]);
  });

  it("does not round float32 values", () => {
    const third = run({ a: vector(1 / 3, 0) }, ["s"]).get("s")!.data[0]!;
    expect(third).toBe(1 / 3 + 1);
    expect(third).not.toBe(Math.fround(third));
  });

  it("names a value that nobody gives", () => {
    expect(() => run({}, ["p"])).toThrow(
      'The value "a" is neither computed by the graph nor a constant of it; feed it.',
    );
  });

  it("refuses a feed of another type or rank than declared", () => {
    expect(() => run({ a: ndArray("float32", [1, 2], [1, 2]) }, ["p"])).toThrow(
      `The graph's input "a" is float32 [n] and was fed float32 [1, 2]; feed it as declared.`,
    );
    expect(() => run({ a: ndArray("int64", [2], [1, 2]) }, ["p"])).toThrow("was fed int64 [2]");
  });
});

describe("evaluateNode", () => {
  it("refuses an operator it does not have, by name", () => {
    expect(() => evaluateNode(node("FancyOp", [], ["y"]), 18, [])).toThrow('FancyOp "y"');
  });

  it("needs no data to tell a shape", () => {
    const typeAlone: NdArray = { dtype: "float32", dims: [2, 3], data: new Float64Array(0) };
    const [shape] = evaluateNode(node("Shape", ["x"], ["y"]), 18, [typeAlone]);
    expect([...shape!.data]).toEqual([2, 3]);
  });

  it("rounds where a Cast says so, to the target's precision", () => {
    const x = ndArray("float64", [1], [1 / 3]);
    const cast = (to: number) =>
      evaluateNode(node("Cast", ["x"], ["y"], { to: int(to) }), 18, [x])[0]!.data[0]!;
    expect(cast(1)).toBe(Math.fround(1 / 3));
    // 10 fraction bits after the leading one: 1365 / 4096; bfloat16 has 7: 171 / 512.
    expect(cast(10)).toBe(1365 / 4096);
    expect(cast(16)).toBe(171 / 512);
    expect(cast(11)).toBe(1 / 3);
  });
});
