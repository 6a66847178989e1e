import { describe, expect, it } from "vitest";
import { int, ints } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import type { Graph, Node } from "../onnx/graph.ts";
import { DTYPES } from "../tensor/dtype.ts";
import { gradient } from "./gradient.ts";
import { evaluateAll } from "./gradient-check.test-support.ts";
import { empty, input, total, weight } from "./small-graph.test-support.ts";

/** Nodes that the gradient added. */
const added = (before: Graph, after: Graph): readonly Node[] =>
  after.nodes.slice(before.nodes.length);

describe("attention", () => {
  const width = (d: number): [Graph, string] => {
    const emit = empty();
    const q = input(emit, "q", 2, 3, d);
    const k = input(emit, "k", 2, 4, d);
    const v = input(emit, "v", 2, 4, d);
    const turned = emit.op("Transpose", [k], { perm: ints([0, 2, 1]) });
    const mixed = emit.op("MatMul", [emit.op("Softmax", [emit.op("MatMul", [q, turned])]), v]);
    // A weight for every element, so that no gradient is a sum of equal parts.
    const weights = Array.from({ length: 2 * 3 * d }, (_, i) => Math.sin(3 * i + 1));
    const contrast = emit.constant(constantOf("float64", [2, 3, d], weights));
    const loss = total(emit, emit.op("Mul", [mixed, contrast]));
    return [emit.finish([loss]), loss];
  };

  it.each([1, 4, 6, 8])("agrees with finite differences at head size %i", async (d) => {
    const [graph, loss] = width(d);
    const names = ["q", "k", "v"];
    const result = gradient(graph, { of: loss, wrt: names });
    const feeds: Record<string, number[]> = {
      q: Array.from({ length: 6 * d }, (_, i) => Math.cos(5 * i)),
      k: Array.from({ length: 8 * d }, (_, i) => Math.cos(7 * i + 2)),
      v: Array.from({ length: 8 * d }, (_, i) => Math.cos(11 * i + 3)),
    };
    const lossAt = async (name: string, i: number, by: number): Promise<number> => {
      const moved = { ...feeds, [name]: feeds[name]!.map((x, j) => (i === j ? x + by : x)) };
      return (await evaluateAll(graph, moved, [loss]))[0]!.data[0]!;
    };
    const h = 1e-5;
    for (const name of names) {
      const [got] = await evaluateAll(result.graph, feeds, [result.gradients.get(name)!]);
      for (let i = 0; i < feeds[name]!.length; i++) {
        const slope = ((await lossAt(name, i, h)) - (await lossAt(name, i, -h))) / (2 * h);
        // Central differences in float64: h² and rounding over h, both below 1e-9 for values of order one.
        expect(Math.abs(got!.data[i]! - slope)).toBeLessThan(1e-8);
      }
    }
  });

  it("passes over the T x K scores once: one product after the MatMul, no sum, no difference", () => {
    const [before, loss] = width(8);
    const { graph } = gradient(before, { of: loss, wrt: ["q", "k", "v"] });
    const scores = added(before, graph).filter((node) =>
      node.outputs.some((name) => graph.types.get(name)?.dims.join() === "2,3,4"),
    );
    expect(scores.map((node) => node.opType)).toEqual(["MatMul", "Mul"]);
  });

  it("keeps the plain form where the probabilities are used or differentiated themselves", () => {
    const [before, loss] = width(8);
    const probabilities = before.nodes.find((node) => node.opType === "Softmax")!.outputs[0]!;
    const { graph } = gradient(before, { of: loss, wrt: ["q", probabilities] });
    expect(added(before, graph).map((node) => node.opType)).toContain("Sub");
  });
});

describe("gradient", () => {
  it("adds up what comes back along every branch of a value", async () => {
    const emit = empty();
    const x = input(emit, "x", 3);
    const square = emit.op("Mul", [x, x]);
    const loss = total(emit, emit.op("Add", [emit.op("Mul", [square, x]), emit.op("Add", [x, x])]));
    const { graph, gradients } = gradient(emit.finish([loss]), { of: loss, wrt: ["x"] });
    const [dX] = await evaluateAll(graph, { x: [1, 2, -3] }, [gradients.get("x")!]);
    // d(x³ + 2x) = 3x² + 2
    expect([...dX!.data]).toEqual([5, 14, 29]);
  });

  it("visits only the nodes between the values asked for and the loss", () => {
    const emit = empty();
    const image = input(emit, "image", 1, 2, 4, 4);
    const text = input(emit, "text", 1, 3, 2);
    // Below the block that reads `text`: convolutions on the image alone.
    const below = emit.op("Conv", [image, weight(emit, 2, 2, 1, 1)]);
    const tokens = emit.op("Reshape", [emit.op("Sigmoid", [below]), emit.ints([1, 16, 2])]);
    const scores = emit.op("MatMul", [
      tokens,
      emit.op("Transpose", [text], { perm: ints([0, 2, 1]) }),
    ]);
    const block = emit.op("MatMul", [emit.op("Softmax", [scores]), text]);
    const loss = total(emit, emit.op("Mul", [block, tokens]));
    const beside = emit.op("Exp", [block]);
    const before = emit.finish([loss, beside]);
    const { graph, gradients, report } = gradient(before, { of: loss, wrt: ["text"] });
    const operators = added(before, graph).map((node) => node.opType);
    expect(operators).not.toContain("Conv");
    expect(operators).not.toContain("Sigmoid");
    expect(operators).not.toContain("Exp");
    // Transpose, MatMul, Softmax, MatMul, Mul, ReduceSum
    expect(report.nodesDifferentiated).toBe(6);
    expect(report.nodesEmitted).toBe(operators.length);
    expect(report.duplicates.size).toBe(0);
    expect(gradients.get("text")).toBeDefined();
  });

  it("emits no gradient for an input of a node that is not asked for", () => {
    const emit = empty();
    const a = input(emit, "a", 2, 3);
    const b = input(emit, "b", 3, 4);
    const loss = total(emit, emit.op("Gemm", [a, b]));
    const before = emit.finish([loss]);
    const products = (wrt: readonly string[]): number =>
      added(before, gradient(before, { of: loss, wrt }).graph).filter(
        (node) => node.opType === "Gemm",
      ).length;
    expect(products(["a"])).toBe(1);
    expect(products(["b"])).toBe(1);
    expect(products(["a", "b"])).toBe(2);
  });

  it("gives zeros for a value that the loss does not depend on, and reports it", async () => {
    const emit = empty();
    const x = input(emit, "x", 2);
    input(emit, "idle", 2, 2);
    const steps = input(emit, "steps", 2);
    // Floor is constant between its steps, and what depends on shapes alone is constant everywhere.
    const loss = total(emit, emit.op("Mul", [x, emit.op("Floor", [steps])]));
    const wrt = ["idle", "steps", "x"];
    const { graph, gradients, report } = gradient(emit.finish([loss]), { of: loss, wrt });
    expect(report.unused).toEqual(["idle", "steps"]);
    const names = wrt.map((name) => gradients.get(name)!);
    const values = await evaluateAll(
      graph,
      { x: [1, 2], steps: [3.5, 4.5], idle: [1, 1, 1, 1] },
      names,
    );
    expect(values.map(({ dims, data }) => [dims, [...data]])).toEqual([
      [
        [2, 2],
        [0, 0, 0, 0],
      ],
      [[2], [0, 0]],
      [[2], [3, 4]],
    ]);
  });

  it("ends a path at an integer: a cast there and back is a step function", () => {
    const emit = empty();
    const x = input(emit, "x", 2);
    const whole = emit.op("Cast", [x], { to: int(DTYPES.int32.onnx) });
    const back = emit.op("Cast", [whole], { to: int(DTYPES.float64.onnx) });
    const loss = total(emit, back);
    const { report } = gradient(emit.finish([loss]), { of: loss, wrt: ["x"] });
    expect(report.unused).toEqual(["x"]);
    expect(report.nodesDifferentiated).toBe(0);
  });

  it("gives a cast value its gradient in the value's own type", () => {
    const emit = empty();
    const x = emit.input("x", { dtype: "float16", dims: [2] });
    const loss = total(
      emit,
      emit.op("Exp", [emit.op("Cast", [x], { to: int(DTYPES.float32.onnx) })]),
    );
    const { graph, gradients } = gradient(emit.finish([loss]), { of: loss, wrt: ["x"] });
    expect(graph.types.get(gradients.get("x")!)).toEqual({ dtype: "float16", dims: [2] });
  });

  it("starts from a seed where one is given", async () => {
    const emit = empty();
    const x = input(emit, "x", 2);
    const seed = input(emit, "dY", 2);
    const y = emit.op("Mul", [x, x]);
    const { graph, gradients } = gradient(emit.finish([y]), { of: y, seed, wrt: ["x"] });
    const [dX] = await evaluateAll(graph, { x: [3, 5], dY: [1, -2] }, [gradients.get("x")!]);
    expect([...dX!.data]).toEqual([6, -20]);
  });

  it("differentiates with respect to a computed value and to what it is computed from", async () => {
    const emit = empty();
    const x = input(emit, "x", 2);
    const y = emit.op("Mul", [x, x]);
    const loss = total(emit, emit.op("Mul", [y, y]));
    const wrt = [y, "x", loss];
    const { graph, gradients } = gradient(emit.finish([loss]), { of: loss, wrt });
    const names = wrt.map((name) => gradients.get(name)!);
    const [dY, dX, dLoss] = await evaluateAll(graph, { x: [1, 2] }, names);
    expect([...dY!.data]).toEqual([2, 8]);
    expect([...dX!.data]).toEqual([4, 32]);
    expect([...dLoss!.data]).toEqual([1]);
  });

  it("keeps the graph's nodes and outputs and every node after what it reads", () => {
    const emit = empty();
    const x = input(emit, "x", 1, 4, 6);
    const normal = emit.op("LayerNormalization", [x, weight(emit, 6)]);
    const mixed = emit.op("MatMul", [normal, weight(emit, 6, 6)]);
    const loss = total(emit, emit.op("Tanh", [emit.op("Add", [mixed, x])]));
    const before = emit.finish([mixed, loss]);
    const { graph, gradients } = gradient(before, { of: loss, wrt: ["x"] });
    const known = new Set(["", "x", ...graph.constants.keys()]);
    for (const node of graph.nodes) {
      for (const name of node.inputs)
        expect(known, `${node.opType} reads it early`).toContain(name);
      for (const name of node.outputs) known.add(name);
    }
    expect(graph.nodes.slice(0, before.nodes.length).map((node) => node.outputs[0])).toEqual(
      before.nodes.map((node) => node.outputs[0]),
    );
    expect(graph.outputs.map(({ name }) => name)).toEqual([mixed, loss, gradients.get("x")]);
  });

  it("asks LayerNormalization for the mean and deviation it computes anyway", () => {
    const emit = empty();
    const x = input(emit, "x", 2, 6);
    const loss = total(emit, emit.op("LayerNormalization", [x, weight(emit, 6)]));
    const before = emit.finish([loss]);
    const norm = (graph: Graph): Node =>
      graph.nodes.find((node) => node.opType === "LayerNormalization")!;
    const { graph } = gradient(before, { of: loss, wrt: ["x"] });
    expect(norm(before).outputs).toHaveLength(1);
    const [, mean, deviation] = norm(graph).outputs;
    const read = added(before, graph).flatMap((node) => node.inputs);
    expect(read).toContain(mean);
    expect(read).toContain(deviation);
    expect(graph.nodes.filter((node) => node.opType === "LayerNormalization")).toHaveLength(1);
  });

  it("counts every weight that it keeps a second time, once", () => {
    const emit = empty();
    const x = emit.input("x", { dtype: "float32", dims: [1, 2, 4, 4] });
    const kernel = emit.constant(
      constantOf("float32", [2, 2, 3, 3], new Float32Array(36).fill(0.1)),
      "kernel",
    );
    const projection = emit.constant(
      constantOf("float32", [4, 4], new Float32Array(16).fill(0.1)),
      "projection",
    );
    const padded = { pads: ints([1, 1, 1, 1]) };
    const twice = emit.op("Conv", [emit.op("Conv", [x, kernel], padded), kernel], padded);
    const loss = total(emit, emit.op("MatMul", [twice, projection]));
    const { graph, report } = gradient(emit.finish([loss]), { of: loss, wrt: ["x"] });
    expect([...report.duplicates.values()].sort((a, b) => a - b)).toEqual([4 * 16, 4 * 36]);
    expect(report.duplicateBytes).toBe(4 * 52);
    for (const name of report.duplicates.keys()) {
      expect(name).toMatch(/^(kernel|projection)_\d+_duplicate/);
      expect(graph.constants.get(name)?.data.kind).toBe("derived");
    }
  });

  it("joins a transposition with the one before it", () => {
    const emit = empty();
    const q = input(emit, "q", 2, 4, 3);
    const k = input(emit, "k", 2, 5, 3);
    const turned = emit.op("Transpose", [k], { perm: ints([0, 2, 1]) });
    const loss = total(emit, emit.op("Exp", [emit.op("MatMul", [q, turned])]));
    const before = emit.finish([loss]);
    const { graph } = gradient(before, { of: loss, wrt: ["q"] });
    // dQ = dS·(Kᵀ)ᵀ = dS·K: nothing is transposed.
    expect(added(before, graph).map((node) => node.opType)).not.toContain("Transpose");
    expect(graph.nodes.at(-1)!.inputs[1]).toBe("k");
  });

  it("makes no product for every batch where a weight is shared by all of them", () => {
    const emit = empty();
    const x = input(emit, "x", 4, 5, 3);
    const w = input(emit, "w", 3, 2);
    const loss = total(emit, emit.op("Exp", [emit.op("MatMul", [x, w])]));
    const before = emit.finish([loss]);
    const { graph } = gradient(before, { of: loss, wrt: ["w"] });
    const shapes = added(before, graph).map((node) =>
      graph.types.get(node.outputs[0]!)!.dims.join(),
    );
    expect(shapes).toContain("3,2");
    expect(shapes).not.toContain("4,3,2");
  });

  it("runs in the operators of old operator sets too", () => {
    const emit = empty(12);
    const x = input(emit, "x", 2, 3);
    const y = emit.op("Add", [emit.op("Softmax", [x], { axis: int(1) }), input(emit, "b", 3)]);
    const loss = total(emit, emit.op("Mul", [y, y]));
    const before = emit.finish([loss]);
    const { graph } = gradient(before, { of: loss, wrt: ["x", "b"] });
    const sums = added(before, graph).filter((node) => node.opType === "ReduceSum");
    expect(sums.length).toBeGreaterThan(0);
    for (const node of sums) {
      expect(node.inputs).toHaveLength(1);
      expect(node.attributes.has("axes")).toBe(true);
    }
  });
});
