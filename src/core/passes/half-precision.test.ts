/** @file What is float32 in a half-precision graph: one small graph for each kind of island, and what lies around it. */
import { describe, expect, it } from "vitest";
import { float, int, ints } from "../onnx/attributes.ts";
import { checkStatic } from "../onnx/check.ts";
import { castConstant, constantOf, reshapeConstant, transposeConstant } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { emptyGraph, type Graph, type Node } from "../onnx/graph.ts";
import { normal } from "../random/normal.ts";
import { elementCount } from "../tensor/shape.ts";
import { executionOrder } from "./execution-order.ts";
import { halfPrecision } from "./half-precision.ts";

const start = (): Emitter => new Emitter(emptyGraph(18));
const input = (emit: Emitter, name: string, dims: readonly number[]): string =>
  emit.input(name, { dtype: "float32", dims });
const weights = (emit: Emitter, dims: readonly number[], seed = 1): string =>
  emit.constant(constantOf("float32", dims, normal(seed, elementCount(dims))), "weights");
const conv = (emit: Emitter, x: string, [output, channels]: readonly [number, number]): string =>
  emit.op("Conv", [x, weights(emit, [output, channels, 1, 1])], { kernel_shape: ints([1, 1]) });

/** Operators in order, each with the type of its first output: "Conv:16". */
function shown(graph: Graph, nodes: readonly Node[] = graph.nodes): string[] {
  checkStatic(graph);
  expectInOrder(graph);
  return nodes.map(({ opType, outputs }) => {
    const { dtype } = graph.types.get(outputs[0] ?? "")!;
    return `${opType}:${dtype.replace("float", "")}`;
  });
}

/** Whatever a node reads is there before it. */
function expectInOrder({ nodes, inputs, constants }: Graph): void {
  const there = new Set(["", ...inputs.map(({ name }) => name), ...constants.keys()]);
  for (const node of nodes) {
    for (const input of node.inputs) expect(there, input).toContain(input);
    for (const output of node.outputs) there.add(output);
  }
}

const halved = (emit: Emitter, outputs: readonly string[], exact: readonly string[] = []) =>
  halfPrecision(emit.finish(outputs), { exact });

describe("islands", () => {
  it("GroupNorm as exporters write it: the statistics alone; scale, shift and SiLU are float16", () => {
    const emit = start();
    const x = conv(emit, input(emit, "x", [1, 4, 96, 96]), [32, 4]);
    const grouped = emit.op("Reshape", [x, emit.ints([1, 4, 8 * 96 * 96])]);
    const one = (value: number): string =>
      emit.constant(constantOf("float32", [4], new Array<number>(4).fill(value)));
    const norm = emit.op("InstanceNormalization", [grouped, one(1), one(0)], {
      epsilon: float(1e-6),
    });
    const back = emit.op("Reshape", [norm, emit.ints([1, 32, 96, 96])]);
    const scaled = emit.op("Mul", [back, weights(emit, [32, 1, 1], 2)]);
    const shifted = emit.op("Add", [scaled, weights(emit, [32, 1, 1], 3)]);
    const silu = emit.op("Mul", [shifted, emit.op("Sigmoid", [shifted])]);
    const y = conv(emit, silu, [4, 32]);
    expect(shown(halved(emit, [y]))).toEqual([
      "Cast:16",
      "Conv:16",
      "Reshape:16",
      "Cast:32",
      "InstanceNormalization:32",
      "Cast:16",
      "Reshape:16",
      "Mul:16",
      "Add:16",
      "Sigmoid:16",
      "Mul:16",
      "Conv:16",
      "Cast:32",
    ]);
  });

  it("LayerNorm: its mean and deviation stay float32 for whoever reads them", () => {
    const emit = start();
    const x = emit.op("MatMul", [input(emit, "x", [256, 64]), weights(emit, [64, 64])]);
    const [y = "", mean = "", r = ""] = emit.many(
      "LayerNormalization",
      [x, weights(emit, [64], 2), weights(emit, [64], 3)],
      3,
      { axis: int(-1) },
    );
    const standardised = emit.op("Mul", [emit.op("Sub", [x, mean]), r]);
    const both = emit.op("Add", [
      emit.op("MatMul", [y, weights(emit, [64, 64], 4)]),
      emit.op("MatMul", [standardised, weights(emit, [64, 64], 5)]),
    ]);
    expect(shown(halved(emit, [both]))).toEqual([
      "Cast:16",
      "MatMul:16",
      "Cast:32",
      "LayerNormalization:32",
      "Sub:32",
      "Mul:32",
      "Cast:16",
      "MatMul:16",
      "Cast:16",
      "MatMul:16",
      "Add:16",
      "Cast:32",
    ]);
  });

  /** A head's attention over `keys` positions, with the mask that text encoders add. */
  function attention(keys: number, mask: boolean): string[] {
    const emit = start();
    const heads = (name: string, length: number, seed: number): string =>
      emit.op("MatMul", [input(emit, name, [2, length, 64]), weights(emit, [64, 64], seed)]);
    const [q, k, v] = [heads("q", 768, 1), heads("k", keys, 2), heads("v", keys, 3)];
    const scores = emit.op("MatMul", [q, emit.op("Transpose", [k], { perm: ints([0, 2, 1]) })]);
    const scaled = emit.op("Mul", [scores, emit.scalar(0.125)]);
    const least = emit.constant(constantOf("float32", [1, 1], [-3.4028235e38]), "mask");
    const masked = mask ? emit.op("Add", [scaled, least]) : scaled;
    const p = emit.op("Softmax", [masked], { axis: int(-1) });
    const o = emit.op("MatMul", [emit.op("MatMul", [p, v]), weights(emit, [64, 64], 4)]);
    return shown(halved(emit, [o]));
  }

  const PROJECTIONS = ["Cast:16", "Cast:16", "Cast:16", "MatMul:16", "MatMul:16", "MatMul:16"];

  it("attention over few keys: scores, mask and softmax; the product with the values is float16", () => {
    expect(attention(128, true).sort()).toEqual(
      [
        ...PROJECTIONS,
        "Transpose:16",
        "Cast:32",
        "Cast:32",
        "MatMul:32",
        "Mul:32",
        "Add:32",
        "Softmax:32",
        "Cast:16",
        "MatMul:16",
        "MatMul:16",
        "Cast:32",
      ].sort(),
    );
  });

  it("attention over many keys: the product with the values, too, so that no large tensor is cast", () => {
    expect(attention(4096, false).sort()).toEqual(
      [
        ...PROJECTIONS,
        "Transpose:16",
        "Cast:32",
        "Cast:32",
        "MatMul:32",
        "Mul:32",
        "Softmax:32",
        "Cast:32",
        "MatMul:32",
        "Cast:16",
        "MatMul:16",
        "Cast:32",
      ].sort(),
    );
  });

  it("what is summed: squares are made in float32, where they do not overflow", () => {
    const emit = start();
    const x = emit.op("MatMul", [input(emit, "x", [128, 64]), weights(emit, [64, 64])]);
    const sum = emit.op("ReduceSum", [emit.op("Mul", [x, x]), emit.ints([1])], {
      keepdims: int(1),
    });
    expect(shown(halved(emit, [sum]))).toEqual([
      "Cast:16",
      "MatMul:16",
      "Cast:32",
      "Mul:32",
      "ReduceSum:32",
    ]);
  });

  it("the loss: whatever is computed of its inputs number by number, forwards and backwards", () => {
    const emit = start();
    const prediction = conv(emit, input(emit, "x", [1, 4, 64, 64]), [4, 4]);
    const difference = emit.op("Sub", [prediction, input(emit, "target", [1, 4, 64, 64])]);
    const weight = input(emit, "loss_weight", [1, 1, 64, 64]);
    const weighted = emit.op("Mul", [emit.op("Mul", [difference, difference]), weight]);
    const loss = emit.op("ReduceSum", [weighted, emit.ints([1, 2, 3])], { keepdims: int(0) });
    const dPrediction = emit.op("Mul", [emit.op("Mul", [difference, emit.scalar(2)]), weight]);
    const dX = conv(emit, dPrediction, [4, 4]);
    const graph = halved(emit, [loss, dX], ["target", "loss_weight"]);
    expect(shown(graph)).toEqual([
      "Cast:16",
      "Conv:16",
      "Cast:32",
      "Sub:32",
      "Mul:32",
      "Mul:32",
      "ReduceSum:32",
      "Mul:32",
      "Mul:32",
      "Cast:16",
      "Conv:16",
      "Cast:32",
    ]);
  });
});

describe("around the islands", () => {
  it("inputs and outputs keep names and types; a graph of nothing but moves has no casts", () => {
    const emit = start();
    const x = input(emit, "x", [2, 3]);
    const y = emit.op("Transpose", [x], { perm: ints([1, 0]) });
    const graph = emit.finish([y]);
    const half = halfPrecision(graph);
    expect(shown(half)).toEqual(["Transpose:32"]);
    expect([half.inputs, half.outputs]).toEqual([graph.inputs, graph.outputs]);
  });

  it("integers, booleans and a Resize's scales stay what they are", () => {
    const emit = start();
    const x = conv(emit, input(emit, "x", [1, 4, 32, 32]), [8, 4]);
    const scales = emit.constant(constantOf("float32", [4], [1, 1, 2, 2]), "scales");
    const large = emit.op("Resize", [x, "", scales]);
    const rows = emit.op("Gather", [large, emit.ints([0, 3])], { axis: int(1) });
    const y = conv(emit, rows, [4, 2]);
    const half = halved(emit, [y]);
    expect(shown(half)).toEqual([
      "Cast:16",
      "Conv:16",
      "Resize:16",
      "Gather:16",
      "Conv:16",
      "Cast:32",
    ]);
    expect(half.nodes[2]?.inputs[2]).toBe(scales);
    const types = [...half.constants.values()].map(({ dtype }) => dtype);
    expect(new Set(types)).toEqual(new Set(["float16", "float32", "int64"]));
  });

  it("constants that float16 would make infinite or round coarsely keep their node float32", () => {
    for (const [factor, type] of [
      [1e-3, "Mul:16"],
      [1e-6, "Mul:32"],
      [1e5, "Mul:32"],
    ] as const) {
      const emit = start();
      const x = conv(emit, input(emit, "x", [1, 4, 64, 64]), [4, 4]);
      const y = conv(emit, emit.op("Mul", [x, emit.scalar(factor)]), [4, 4]);
      expect(shown(halved(emit, [y]))).toContain(type);
    }
  });

  it("what waits for a node far away waits in float16, and is cast up again for it", () => {
    const emit = start();
    const x = conv(emit, input(emit, "x", [1, 4, 64, 64]), [4, 4]);
    const norm = (value: string): string => emit.op("Softmax", [value], { axis: int(-1) });
    const p = norm(x);
    let chain = conv(emit, p, [4, 4]);
    for (let i = 0; i < 50; i++) chain = emit.op("Tanh", [emit.op("Neg", [chain])]);
    const late = emit.op("ReduceSum", [emit.op("Mul", [p, chain]), emit.ints([1, 2, 3])]);
    const half = halved(emit, [late]);
    const order = executionOrder(half);
    const types = shown(half, order);
    expect(types.slice(2, 6)).toEqual(["Cast:32", "Softmax:32", "Cast:16", "Conv:16"]);
    const saved = order[4]?.outputs[0];
    const readers = order.flatMap((node, i) =>
      node.inputs.includes(saved ?? "") ? [`${types[i]}`] : [],
    );
    expect(readers).toEqual(["Conv:16", "Cast:32"]);
  });

  it("an input is never rounded for somebody who reads float32, however late", () => {
    const emit = start();
    const target = input(emit, "target", [1, 4, 64, 64]);
    let chain = conv(emit, input(emit, "x", [1, 4, 64, 64]), [4, 4]);
    for (let i = 0; i < 50; i++) chain = emit.op("Tanh", [emit.op("Neg", [chain])]);
    const half = halved(emit, [emit.op("Sub", [chain, target])], ["target"]);
    expect(shown(half).slice(-2)).toEqual(["Cast:32", "Sub:32"]);
    expect(half.nodes.at(-1)?.inputs[1]).toBe(target);
  });

  it("a cast whose only reader is another stands before that one's", () => {
    const emit = start();
    const x = conv(emit, input(emit, "x", [1, 4, 64, 64]), [4, 4]);
    const p = emit.op("Softmax", [x], { axis: int(-1) });
    let chain = conv(emit, input(emit, "y", [1, 4, 64, 64]), [4, 4]);
    for (let i = 0; i < 50; i++) chain = emit.op("Tanh", [emit.op("Neg", [chain])]);
    const late = emit.op("ReduceSum", [emit.op("Mul", [p, chain]), emit.ints([1, 2, 3])]);
    expect(shown(halved(emit, [late]))).toContain("ReduceSum:32");
  });

  it("weights that were float16 in the file come back to their own bytes, moved or not", () => {
    const file = constantOf("float16", [2, 3], [1, 2, 3, 4, 5, 6]);
    const wide = castConstant(file, "float32");
    expect(castConstant(wide, "float16")).toBe(file);
    const moved = reshapeConstant(transposeConstant(wide, [1, 0]), [6]);
    expect(castConstant(moved, "float16")).toEqual(
      reshapeConstant(transposeConstant(file, [1, 0]), [6]),
    );
    // What float32 alone can hold is rounded, and not taken back.
    const exact = castConstant(constantOf("float32", [1], [1 + 2 ** -20]), "float16");
    expect(castConstant(exact, "float32").data.kind).toBe("derived");
    const other = castConstant(constantOf("bfloat16", [1], [1]), "float32");
    expect(castConstant(other, "float16").data.kind).toBe("derived");
  });
});
