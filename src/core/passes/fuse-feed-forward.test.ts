/** @file Feed-forward blocks behind their first product, and their gradients, become one operator each; others stay. */
import { describe, expect, it } from "vitest";
import { gradient } from "../autodiff/gradient.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { materialise, noExternalData } from "../onnx/materialise.ts";
import { normal } from "../random/normal.ts";
import { fromBytes, ndArray, type NdArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { fuseDense } from "./fuse-dense.ts";
import { fuseFeedForward } from "./fuse-feed-forward.ts";

const LIMITS = { width: 64 };

interface Settings {
  readonly rows?: number;
  readonly width?: number;
  /** Other values that are wanted: the first product, what the second is given. */
  readonly wanted?: readonly ("halves" | "values")[];
  readonly residual?: boolean;
  /** Whether the gradient of the input is wanted. */
  readonly backward?: boolean;
}

/** x W1 + b1 = [h | g], (h ∘ gelu(g)) W2 + b2 + r. */
function block({
  rows = 16,
  width = 16,
  wanted = [],
  residual = true,
  backward = false,
}: Settings = {}): Graph {
  const channels = 16;
  const emit = new Emitter(emptyGraph(18));
  const input = (name: string): string =>
    emit.input(name, { dtype: "float32", dims: [rows, channels] });
  const numbers = (dims: Dims, seed: number): string =>
    emit.constant(constantOf("float32", dims, normal(seed, elementCount(dims))), "numbers");
  const linear = (x: string, [from, to]: [number, number], seed: number): string =>
    emit.op("Add", [emit.op("MatMul", [x, numbers([from, to], seed)]), numbers([to], seed + 1)]);
  const halves = linear(input("x"), [channels, 2 * width], 1);
  const values = emit.op("GatedGelu", [halves]);
  const y = linear(values, [width, channels], 3);
  const out = residual ? emit.op("Add", [y, input("r")]) : y;
  const others = wanted.map((name) => ({ halves, values })[name]);
  if (!backward) return emit.finish([out, ...others]);
  const seed = input("dy");
  const result = gradient(emit.finish([out]), { of: out, seed, wrt: ["x"] });
  const dX = result.gradients.get("x")!;
  const continued = new Emitter(result.graph);
  return continued.finish([out, dX, ...others]);
}

async function outputsOf(graph: Graph): Promise<NdArray[]> {
  const constants = new Map<string, NdArray>();
  for (const [name, constant] of graph.constants) {
    const bytes = await materialise(constant, noExternalData);
    constants.set(name, fromBytes(constant.dtype, constant.dims, bytes));
  }
  const feeds = graph.inputs.map(({ name, dims }, i): [string, NdArray] => {
    const fixed = dims as Dims;
    return [name, ndArray("float32", fixed, normal(i + 5, elementCount(fixed)))];
  });
  const names = graph.outputs.map(({ name }) => name);
  const values = evaluateGraph(graph, new Map(feeds), names, (name) => constants.get(name)!);
  return names.map((name) => values.get(name)!);
}

const ours = (graph: Graph): string[] =>
  graph.nodes
    .map(({ opType }) => opType)
    .filter((name) => /Dense|Gelu|FeedForward/.test(name))
    .sort();

describe("a feed-forward block", () => {
  it.each([
    ["alone", {}, ["Dense", "GatedDense"]],
    ["without a residual", { residual: false }, ["Dense", "GatedDense"]],
    ["whose first product is wanted", { wanted: ["halves"] }, ["Dense", "GatedDense"]],
    ["with its gradient", { backward: true }, ["Dense", "FeedForwardGradient", "GatedDense"]],
    [
      "whose values are wanted",
      { wanted: ["values"], backward: true },
      ["Dense", "Dense", "FeedForwardGradient", "GatedGelu"],
    ],
    ["of an odd number of rows", { rows: 17 }, ["Dense", "Dense", "GatedGelu"]],
    [
      "that is too wide",
      { width: 80, backward: true },
      ["Dense", "Dense", "Dense", "Dense", "GatedGelu", "GatedGeluGradient"],
    ],
  ] satisfies [string, Settings, string[]][])("%s", async (_, settings, wanted) => {
    const graph = fuseDense(block(settings));
    const fused = fuseFeedForward(graph, LIMITS);
    expect(ours(fused)).toEqual(wanted);
    const [before, after] = [await outputsOf(graph), await outputsOf(fused)];
    expect(after.map(({ dims }) => dims)).toEqual(before.map(({ dims }) => dims));
    // The same float64 arithmetic in both.
    after.forEach(({ data }, i) =>
      data.forEach((x, j) => expect(Math.abs(x - before[i]!.data[j]!)).toBeLessThan(1e-9)),
    );
  });
});
