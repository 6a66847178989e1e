/** @file Passes keep the function: folding, clean-ups, widening and pruning on small graphs with known values. */
import { describe, expect, it } from "vitest";
import { float, int, ints } from "../onnx/attributes.ts";
import { type Constant, constantOf } from "../onnx/constant.ts";
import { checkStatic } from "../onnx/check.ts";
import { Emitter, smallValue } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { ndArray, type NdArray } from "../tensor/nd-array.ts";
import { mergeSplits } from "./merge-splits.ts";
import { prune } from "./prune.ts";
import { simplify } from "./simplify.ts";
import { specialise } from "./specialise.ts";
import { widen } from "./widen.ts";

const EMPTY = emptyGraph(17);

function literal(name: string, constant: Constant): NdArray {
  const value = smallValue(constant);
  if (value === undefined) throw new Error(`the constant "${name}" is not at hand`);
  return value;
}

function valueOf(graph: Graph, x: NdArray): number[] {
  const name = graph.outputs[0]!.name;
  return [...evaluateGraph(graph, new Map([["x", x]]), [name], literal).get(name)!.data];
}

const x23 = ndArray("float32", [2, 3], [1, -2, 3, 0.5, 5, -6]);

function emitter(): Emitter {
  const emit = new Emitter(EMPTY);
  emit.input("x", { dtype: "float32", dims: [2, 3] });
  return emit;
}

describe("simplify", () => {
  it.each([
    ["adding zero", (e: Emitter) => e.op("Add", ["x", e.scalar(0)]), 0],
    ["adding to zero", (e: Emitter) => e.op("Add", [e.scalar(0), "x"]), 0],
    ["multiplying by one", (e: Emitter) => e.op("Mul", ["x", e.scalar(1)]), 0],
    ["dividing by one", (e: Emitter) => e.op("Div", ["x", e.scalar(1)]), 0],
    ["the first power", (e: Emitter) => e.op("Pow", ["x", e.scalar(1)]), 0],
    [
      "adding a large uniform zero",
      (e: Emitter) =>
        e.op("Add", [
          "x",
          e.constant({ dtype: "float32", dims: [2, 3], data: { kind: "fill", value: 0 } }),
        ]),
      0,
    ],
    [
      "two transposes that cancel",
      (e: Emitter) => {
        const t = e.op("Transpose", ["x"], { perm: ints([1, 0]) });
        return e.op("Transpose", [t], { perm: ints([1, 0]) });
      },
      0,
    ],
    [
      "reshapes in a row",
      (e: Emitter) => {
        const a = e.op("Reshape", ["x", e.ints([3, 2])]);
        const b = e.op("Reshape", [a, e.ints([0, 1, -1])]);
        return e.op("Reshape", [b, e.ints([6])]);
      },
      1,
    ],
    [
      "scalar factors in a row",
      (e: Emitter) => e.op("Mul", [e.op("Mul", ["x", e.scalar(4)]), e.scalar(0.5)]),
      1,
    ],
  ])("removes %s", (_, build, left) => {
    const emit = emitter();
    const inner = build(emit);
    const graph = emit.finish([emit.op("Neg", [inner])]);
    const clean = simplify(graph);
    checkStatic(clean);
    expect(clean.nodes.filter((node) => node.opType !== "Neg").length).toBe(left);
    expect(valueOf(clean, x23)).toEqual(valueOf(graph, x23));
  });

  it("keeps what broadcasts, though it adds zero", () => {
    const emit = emitter();
    const zeros = emit.constant(constantOf("float32", [4, 2, 3], new Array(24).fill(0)));
    const graph = emit.finish([emit.op("Neg", [emit.op("Add", ["x", zeros])])]);
    expect(simplify(graph).nodes.map((node) => node.opType)).toEqual(["Add", "Neg"]);
  });

  it("computes an expression once", () => {
    const emit = emitter();
    const one = emit.op("Sigmoid", ["x"]);
    const shape = emit.finish([one]);
    const again = new Emitter(shape);
    const two = again.op("Sigmoid", ["x"]);
    const graph = again.finish([again.op("Sub", [one, two])]);
    expect(graph.nodes.filter((node) => node.opType === "Sigmoid")).toHaveLength(2);
    expect(simplify(graph).nodes.map((node) => node.opType)).toEqual(["Sigmoid", "Sub"]);
  });

  it("keeps outputs by name", () => {
    const emit = emitter();
    const same = emit.op("Identity", ["x"]);
    const graph = simplify(emit.finish([same]));
    expect(graph.outputs[0]!.name).toBe(same);
    expect(valueOf(graph, x23)).toEqual([...x23.data]);
  });
});

describe("specialise", () => {
  it("folds shape plumbing and keeps the value", () => {
    const emit = emitter();
    const shape = emit.op("Shape", ["x"]);
    const rows = emit.op("Gather", [shape, emit.constant(constantOf("int64", [], [0]))], {
      axis: int(0),
    });
    const target = emit.op(
      "Concat",
      [emit.op("Unsqueeze", [rows, emit.ints([0])]), emit.ints([1, -1])],
      { axis: int(0) },
    );
    // The target shape is computed, so a static emitter cannot type the Reshape: it is added by hand.
    const built = emit.finish([target]);
    const graph: Graph = {
      ...built,
      inputs: [{ name: "x", dtype: "float32", dims: ["rows", 3] }],
      outputs: [{ name: "y", dtype: "float32", dims: [null, 1, null] }],
      nodes: [
        ...built.nodes,
        {
          opType: "Reshape",
          name: "",
          inputs: ["x", target],
          outputs: ["y"],
          attributes: new Map(),
        },
      ],
      types: new Map(),
    };
    const fixed = specialise(graph, { x: { dims: [2, 3] } });
    expect(fixed.nodes.map((node) => node.opType)).toEqual(["Reshape"]);
    expect(fixed.types.get("y")).toEqual({ dtype: "float32", dims: [2, 1, 3] });
    expect(valueOf(fixed, x23)).toEqual([...x23.data]);
  });

  it("describes casts and transposes of large weights in place of computing them", () => {
    const weight: Constant = {
      dtype: "float16",
      dims: [512, 256],
      data: { kind: "external", location: "w", offset: 0, length: 512 * 256 * 2 },
    };
    const emit = new Emitter(EMPTY);
    const x = emit.input("x", { dtype: "float32", dims: [1, 512] });
    const w = emit.op("Cast", [emit.constant(weight)], { to: int(1) });
    const graph = emit.finish([emit.op("MatMul", [x, w])]);
    const fixed = specialise(graph, { x: { dims: [1, 512] } });
    expect(fixed.nodes.map((node) => node.opType)).toEqual(["MatMul"]);
    expect(fixed.constants.get(fixed.nodes[0]!.inputs[1]!)).toEqual({
      dtype: "float32",
      dims: [512, 256],
      data: { kind: "derived", from: weight, transform: { kind: "cast" } },
    });
  });
});

describe("widen", () => {
  it("turns half-precision weights and casts into float32, values unchanged", () => {
    const emit = new Emitter(EMPTY);
    const x = emit.input("x", { dtype: "float16", dims: [2, 3] });
    const w = emit.constant(constantOf("float16", [3], [0.5, 0.25, -2]));
    const scaled = emit.op("Mul", [x, w]);
    const graph = emit.finish([emit.op("Cast", [scaled], { to: int(10) })]);
    const wide = specialise(widen(graph), { x: { dims: [2, 3] } });
    checkStatic(wide);
    expect(wide.inputs[0]!.dtype).toBe("float32");
    expect(wide.outputs[0]!.dtype).toBe("float32");
  });

  it("computes in float32 what a half-precision export computes in float64", () => {
    const emit = new Emitter(EMPTY);
    const x = emit.input("x", { dtype: "float16", dims: [2, 3] });
    const two = emit.constant(constantOf("float64", [], [2]));
    const squares = emit.op("Pow", [emit.op("Cast", [x], { to: int(11) }), two]);
    const graph = emit.finish([emit.op("Cast", [squares], { to: int(10) })]);
    const wide = simplify(specialise(widen(graph), { x: { dims: [2, 3] } }));
    checkStatic(wide);
    expect(wide.nodes.map(({ opType }) => opType)).toEqual(["Pow", "Identity"]);
    expect(valueOf(wide, x23)).toEqual([1, 4, 9, 0.25, 25, 36]);
  });
});

describe("prune", () => {
  it("drops what the outputs do not need, inputs included", () => {
    const emit = emitter();
    emit.input("unused", { dtype: "float32", dims: [1] });
    const wanted = emit.op("Relu", ["x"]);
    emit.op("LayerNormalization", ["x", emit.constant(constantOf("float32", [3], [1, 1, 1]))], {
      epsilon: float(1e-5),
    });
    const graph = prune(emit.finish([wanted]));
    expect(graph.nodes.map((node) => node.opType)).toEqual(["Relu"]);
    expect(graph.inputs.map((input) => input.name)).toEqual(["x"]);
    expect(graph.constants.size).toBe(0);
  });
});

describe("merged Splits", () => {
  const x = ndArray(
    "float32",
    [2, 6],
    Array.from({ length: 12 }, (_, i) => i + 1),
  );

  /** x [2, 6] as 3 and 3 columns, those as 1 and 2 and as 2 and 1; `put` puts some of the four together again. */
  function tree(put: (e: Emitter, pieces: readonly string[]) => string[]): Graph {
    const emit = new Emitter(EMPTY);
    emit.input("x", { dtype: "float32", dims: [2, 6] });
    const split = (value: string, sizes: readonly number[]): readonly string[] =>
      emit.many("Split", [value, emit.ints(sizes)], sizes.length, { axis: int(-1) });
    const [left = "", right = ""] = split("x", [3, 3]);
    const used = put(emit, [...split(left, [1, 2]), ...split(right, [2, 1])]);
    // In another order, each times a number of its own, so that exchanged pieces are noticed.
    const scaled = used.map((value, i) => emit.op("Mul", [value, emit.scalar(i + 2)]));
    return emit.finish([emit.op("Concat", scaled.toReversed(), { axis: int(1) })]);
  }
  const join = (e: Emitter, ...parts: string[]): string => e.op("Concat", parts, { axis: int(1) });
  const operators = (graph: Graph): string[] =>
    graph.nodes.map(({ opType }) => opType).filter((op) => op === "Split" || op === "Concat");

  it.each([
    ["as one", (_: Emitter, p: readonly string[]) => [...p], ["Split", "Concat"]],
    [
      "with what is put together again left together, across Splits too",
      (e: Emitter, [a, b, c, d]: readonly string[]) => [a!, join(e, b!, c!), d!],
      ["Split", "Concat"],
    ],
    [
      "but not what is put together in another order",
      (e: Emitter, [a, b, c, d]: readonly string[]) => [join(e, b!, a!), join(e, c!, d!)],
      ["Split", "Concat", "Concat"],
    ],
    [
      "nor what something else reads",
      (e: Emitter, [a, b, c, d]: readonly string[]) => [join(e, a!, b!), b!, join(e, c!, d!)],
      ["Split", "Concat", "Concat"],
    ],
  ])("%s", (_, put, expected) => {
    const graph = tree(put);
    const merged = mergeSplits(graph);
    expect(operators(merged)).toEqual(expected);
    expect(valueOf(merged, x)).toEqual(valueOf(graph, x));
  });

  it("leaves alone what is cut along two axes, and pieces that are outputs", () => {
    const emit = new Emitter(EMPTY);
    emit.input("x", { dtype: "float32", dims: [2, 6] });
    const [left = "", right = ""] = emit.many("Split", ["x", emit.ints([3, 3])], 2, {
      axis: int(1),
    });
    const [top = "", bottom = ""] = emit.many("Split", [left, emit.ints([1, 1])], 2, {
      axis: int(0),
    });
    emit.many("Split", [right, emit.ints([1, 2])], 2, { axis: int(1) });
    const graph = emit.finish([top, bottom, right]);
    expect(mergeSplits(graph)).toBe(graph);
  });
});
