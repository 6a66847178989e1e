/** @file Products with constant weights become one operator with what is added to them, which computes the same. */
import { describe, expect, it } from "vitest";
import { float, int } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { materialise, noExternalData } from "../onnx/materialise.ts";
import { normal } from "../random/normal.ts";
import { fromBytes, ndArray, type NdArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { graphForSession } from "./for-session.ts";
import { fuse, NOTHING_FUSED } from "./fuse.ts";
import { fuseDense } from "./fuse-dense.ts";
import { lowerFused } from "./lower-fused.ts";

interface Make {
  readonly emit: Emitter;
  /** A constant of some numbers. */
  readonly some: (...dims: number[]) => string;
}

/** What `build` makes of x, which has these dimensions. */
function graphOf(dims: Dims, build: (make: Make) => string | readonly string[]): Graph {
  const emit = new Emitter(emptyGraph(18));
  emit.input("x", { dtype: "float32", dims });
  let seed = 1;
  const some = (...shape: number[]): string =>
    emit.constant(constantOf("float32", shape, normal(seed++, elementCount(shape))), "some");
  return emit.finish([build({ emit, some })].flat());
}

const operators = (graph: Graph): string[] => graph.nodes.map(({ opType }) => opType);

async function outputOf(graph: Graph): Promise<Float64Array> {
  const numbers = new Map<string, NdArray>();
  for (const [name, constant] of graph.constants) {
    const bytes = await materialise(constant, noExternalData);
    numbers.set(name, fromBytes(constant.dtype, constant.dims, bytes));
  }
  const inputs = graph.inputs.map(({ name, dims }): [string, NdArray] => {
    const fixed = dims as Dims;
    return [name, ndArray("float32", fixed, normal(5, elementCount(fixed)))];
  });
  const { name } = graph.outputs[0]!;
  const values = evaluateGraph(graph, new Map(inputs), [name], (of) => numbers.get(of)!);
  return values.get(name)!.data;
}

async function expectFused(graph: Graph, wanted: readonly string[]): Promise<void> {
  const fused = fuseDense(graph);
  expect(operators(fused)).toEqual(wanted);
  const [got, before] = [await outputOf(fused), await outputOf(graph)];
  expect(got.length).toBe(before.length);
  // Both computed in float64, sums in another order.
  got.forEach((y, i) => expect(Math.abs(y - before[i]!)).toBeLessThan(1e-12));
}

const ROWS = [2, 8, 5];

describe("a product becomes one operator", () => {
  it.each<[string, (make: Make) => string]>([
    ["alone", ({ emit, some }) => emit.op("MatMul", ["x", some(5, 32)])],
    [
      "with its bias",
      ({ emit, some }) => emit.op("Add", [some(32), emit.op("MatMul", ["x", some(5, 32)])]),
    ],
    [
      "with its bias and a residual",
      ({ emit, some }) => {
        const y = emit.op("Add", [emit.op("MatMul", ["x", some(5, 16)]), some(1, 1, 16)]);
        return emit.op("Add", [some(2, 8, 16), y]);
      },
    ],
    [
      "with a residual and no bias",
      ({ emit, some }) => emit.op("Add", [emit.op("MatMul", ["x", some(5, 16)]), some(2, 8, 16)]),
    ],
  ])("%s", async (_, build) => {
    await expectFused(graphOf(ROWS, build), ["Dense"]);
  });

  it.each([0, 1])("of a Gemm (transposed: %i)", async (transB) => {
    const graph = graphOf([17, 5], ({ emit, some }) => {
      const weights = transB === 1 ? some(32, 5) : some(5, 32);
      return emit.op("Gemm", ["x", weights, some(32)], { transB: int(transB) });
    });
    await expectFused(graph, ["Dense"]);
  });

  it("of matrices put beside each other, and their transposed ones", async () => {
    const beside = ({ emit, some }: Make): string =>
      emit.op("Concat", [some(5, 16), some(5, 32)], { axis: int(1) });
    const under = ({ emit, some }: Make): string =>
      emit.op("Concat", [some(2, 16), some(3, 16)], { axis: int(0) });
    const wide = graphOf(ROWS, (make) => make.emit.op("MatMul", ["x", beside(make)]));
    await expectFused(wide, ["Dense"]);
    const deep = graphOf(ROWS, (make) => make.emit.op("MatMul", ["x", under(make)]));
    await expectFused(deep, ["Dense"]);
    const back = graphOf([16, 48], ({ emit, some }) => {
      const weights = emit.op("Concat", [some(16, 16), some(16, 32)], { axis: int(-1) });
      return emit.op("Gemm", ["x", weights], { transB: int(1) });
    });
    await expectFused(back, ["Dense"]);
  });
});

it("of two products that are added to each other, one takes the other", async () => {
  const graph = graphOf(ROWS, ({ emit, some }) => {
    const [a, b] = [some(5, 16), some(5, 16)].map((w) => emit.op("MatMul", ["x", w]));
    return emit.op("Add", [a!, b!]);
  });
  await expectFused(graph, ["Dense", "Dense"]);
});

it("what others read as well is not taken in", async () => {
  const read = graphOf(ROWS, ({ emit, some }) => {
    const y = emit.op("MatMul", ["x", some(5, 16)]);
    return [emit.op("Add", [y, some(16)]), emit.op("Relu", [y])];
  });
  await expectFused(read, ["Dense", "Add", "Relu"]);
  const asked = graphOf(ROWS, ({ emit, some }) => {
    const y = emit.op("MatMul", ["x", some(5, 16)]);
    return [emit.op("Add", [y, some(16)]), y];
  });
  await expectFused(asked, ["Dense", "Add"]);
});

it.each<[string, Dims, (make: Make) => string]>([
  [
    "larger than the product",
    [16, 5],
    ({ emit, some }) => emit.op("Add", [emit.op("MatMul", ["x", some(5, 16)]), some(2, 16, 16)]),
  ],
  [
    "smaller than it",
    [16, 5],
    ({ emit, some }) => emit.op("Add", [emit.op("MatMul", ["x", some(5, 16)]), some(16, 1)]),
  ],
  [
    "the product itself",
    [16, 5],
    ({ emit, some }) => {
      const y = emit.op("MatMul", ["x", some(5, 16)]);
      return emit.op("Add", [y, y]);
    },
  ],
])("what is added stays where it is %s", async (_, dims, build) => {
  await expectFused(graphOf(dims, build), ["Dense", "Add"]);
});

describe("a product stays", () => {
  it.each<[string, Dims, (make: Make) => string]>([
    [
      "whose columns are no whole panels",
      ROWS,
      ({ emit, some }) => emit.op("MatMul", ["x", some(5, 20)]),
    ],
    ["of few rows", [3, 5], ({ emit, some }) => emit.op("MatMul", ["x", some(5, 16)])],
    ["of two values", [16, 16], ({ emit }) => emit.op("MatMul", ["x", "x"])],
    [
      "of matrices one for each image",
      ROWS,
      ({ emit, some }) => emit.op("MatMul", ["x", some(2, 5, 16)]),
    ],
    [
      "that is scaled",
      [16, 5],
      ({ emit, some }) => emit.op("Gemm", ["x", some(5, 16)], { alpha: float(0.5) }),
    ],
    [
      "whose first matrix is transposed",
      [5, 16],
      ({ emit, some }) => emit.op("Gemm", ["x", some(5, 16)], { transA: int(1) }),
    ],
    [
      "whose bias is one for each row",
      [16, 5],
      ({ emit, some }) => emit.op("Gemm", ["x", some(5, 16), some(16, 1)]),
    ],
  ])("%s", (_, dims, build) => {
    const graph = graphOf(dims, build);
    expect(fuseDense(graph)).toBe(graph);
  });
});

describe("in a session", () => {
  const graph = graphOf(ROWS, ({ emit, some }) => {
    const y = emit.op("Add", [emit.op("MatMul", ["x", some(5, 32)]), some(32)]);
    return emit.op("Add", [y, some(2, 8, 32)]);
  });

  it("is made where it is asked for, and not in graphs that are differentiated", () => {
    const dense = { ...NOTHING_FUSED, dense: true };
    expect(operators(graphForSession(graph, dense))).toEqual(["com.microsoft::MultiHeadAttention"]);
    expect(fuse(graph, dense)).toBe(graph);
    expect(graphForSession(graph, NOTHING_FUSED)).toBe(graph);
  });

  it("keeps the weights once, and three axes need no others", () => {
    const lowered = lowerFused(fuseDense(graph));
    expect(operators(lowered)).toEqual(["com.microsoft::MultiHeadAttention"]);
    const sizes = [...lowered.constants.values()].map(({ dims }) => elementCount(dims));
    expect(sizes.sort((a, b) => a - b)).toEqual([(5 + 1) * 32, 2 * 8 * 32]);
  });
});
