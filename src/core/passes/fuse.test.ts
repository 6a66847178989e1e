/** @file Attention, gated GELUs and norms as exporters write them become one operator each, which computes the same; others stay. */
import { describe, expect, it } from "vitest";
import { float, int, ints } from "../onnx/attributes.ts";
import { decodeModel, encodeModel } from "../onnx/codec.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter, smallValue } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { graphFromModel } from "../onnx/from-proto.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { modelFromGraph } from "../onnx/to-proto.ts";
import { normal } from "../random/normal.ts";
import { ndArray, type NdArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { fuse, NOTHING_FUSED } from "./fuse.ts";
import { lowerFused } from "./lower-fused.ts";
import { specialise } from "./specialise.ts";

const FUSED = {
  attention: { heads: 63, positions: 16_383, scratch: 2 ** 20 },
  gatedGelu: true,
  quickGelu: true,
  convolution: NOTHING_FUSED.convolution,
  groupNorm: { groups: 63 },
  layerNorm: true,
  dense: false,
  pointwise: undefined,
};

interface Attention {
  readonly positions?: number;
  /** Of the keys; the queries' where left out, from the same tensor. */
  readonly keys?: number;
  readonly size?: number;
  readonly scale?: number;
  /** The probabilities are an output as well. */
  readonly exposed?: boolean;
}

const HEADS = 2;

/** Two heads' attention over x [1, S, C], the way that PyTorch's exporter writes it. */
function attention({ positions = 8, keys, size = 8, scale, exposed = false }: Attention): Graph {
  const channels = HEADS * size;
  const emit = new Emitter(emptyGraph(18));
  emit.input("x", { dtype: "float32", dims: [1, positions, channels] });
  if (keys !== undefined) emit.input("text", { dtype: "float32", dims: [1, keys, channels] });
  const project = (from: string, seed: number): string => {
    const numbers = normal(seed, channels * channels).map((n) => n / Math.sqrt(channels));
    const weight = constantOf("float32", [channels, channels], numbers);
    return emit.op("MatMul", [from, emit.constant(weight, `weight_${seed}`)]);
  };
  const heads = (value: string, rows: number, perm: readonly number[]): string => {
    const split = emit.op("Reshape", [value, emit.ints([1, rows, HEADS, size])]);
    return emit.op("Transpose", [split], { perm: ints(perm) });
  };
  const source = keys === undefined ? "x" : "text";
  const q = heads(project("x", 1), positions, [0, 2, 1, 3]);
  const k = heads(project(source, 2), keys ?? positions, [0, 2, 3, 1]);
  const v = heads(project(source, 3), keys ?? positions, [0, 2, 1, 3]);
  const scaled = emit.op("Mul", [q, emit.scalar(scale ?? 1 / Math.sqrt(size))]);
  const p = emit.op("Softmax", [emit.op("MatMul", [scaled, k])], { axis: int(-1) });
  const o = emit.op("Transpose", [emit.op("MatMul", [p, v])], { perm: ints([0, 2, 1, 3]) });
  const output = emit.op("Reshape", [o, emit.ints([1, positions, channels])]);
  return emit.finish(exposed ? [output, p] : [output]);
}

/** x [2, 8] cut in two, one half times the GELU of the other. */
function gated(gate: 0 | 1): Graph {
  const emit = new Emitter(emptyGraph(18));
  emit.input("x", { dtype: "float32", dims: [2, 8] });
  const halves = emit.many("Split", ["x", emit.ints([4, 4])], 2, { axis: int(-1) });
  const [h, g] = [halves[1 - gate]!, halves[gate]!];
  const erf = emit.op("Erf", [emit.op("Div", [g, emit.scalar(Math.SQRT2)])]);
  const share = emit.op("Mul", [emit.op("Add", [erf, emit.scalar(1)]), emit.scalar(0.5)]);
  return emit.finish([emit.op("Mul", [h, emit.op("Mul", [g, share])])]);
}

const operators = (graph: Graph): string[] => graph.nodes.map(({ opType }) => opType);

function outputOf(graph: Graph): Float64Array {
  const inputs = graph.inputs.map(({ name, dims }, i): [string, NdArray] => {
    const fixed = dims as Dims;
    return [name, ndArray("float32", fixed, normal(i + 5, elementCount(fixed)))];
  });
  const name = graph.outputs[0]!.name;
  const literal = (_: string, constant: Parameters<typeof smallValue>[0]): NdArray =>
    smallValue(constant, Infinity)!;
  return evaluateGraph(graph, new Map(inputs), [name], literal).get(name)!.data;
}

function expectSame(a: Graph, b: Graph): void {
  const [got, wanted] = [outputOf(a), outputOf(b)];
  expect(got.length).toBe(wanted.length);
  // Both computed in float64; a scale of 1 / √d is a float32 number in the one and exact in the other.
  got.forEach((x, i) => expect(Math.abs(x - wanted[i]!)).toBeLessThan(1e-6));
}

describe("attention", () => {
  it.each([
    ["of a tensor with itself", {}, "PackedSelfAttention"],
    ["of heads of 24", { size: 24, positions: 16 }, "PackedSelfAttention"],
    ["of a tensor with a text of 5 tokens", { keys: 5 }, "PackedCrossAttention"],
  ])("%s", (_, shape: Attention, operator) => {
    const graph = attention(shape);
    const fused = fuse(graph, FUSED);
    expect(operators(fused)).toContain(operator);
    expect(operators(fused)).not.toContain("Softmax");
    expectSame(fused, graph);
  });

  it("takes three projections of one tensor as one product", () => {
    expect(operators(fuse(attention({}), FUSED))).toEqual([
      "Concat",
      "MatMul",
      "PackedSelfAttention",
    ]);
  });

  it.each([
    ["with positions that are not whole blocks", { positions: 9 }],
    ["with heads that are not whole vectors", { size: 6 }],
    ["with another scale", { scale: 1 }],
    ["whose probabilities are asked for", { exposed: true }],
  ])("%s stays", (_, shape: Attention) => {
    const graph = attention(shape);
    expect(fuse(graph, FUSED)).toBe(graph);
  });

  it("stays where it needs more memory than a thread has, or nothing is to be fused", () => {
    const graph = attention({});
    const small = { ...FUSED, attention: { ...FUSED.attention, scratch: 400 } };
    expect(fuse(graph, small)).toBe(graph);
    expect(fuse(graph, NOTHING_FUSED)).toBe(graph);
  });
});

describe("gated GELU", () => {
  it("becomes one operator", () => {
    const fused = fuse(gated(1), FUSED);
    expect(operators(fused)).toEqual(["GatedGelu"]);
    expectSame(fused, gated(1));
  });

  it("stays where the first half is the gate", () => {
    const graph = gated(0);
    expect(fuse(graph, FUSED)).toBe(graph);
  });
});

/** x times the logistic function of `slope` x; `more` reads what is between. */
function quickGelu({ dims = [2, 8], slope = 1.702, more = false }): Graph {
  const emit = new Emitter(emptyGraph(18));
  emit.input("x", { dtype: "float32", dims });
  const share = emit.op("Sigmoid", [emit.op("Mul", ["x", emit.scalar(slope)])]);
  const output = emit.op("Mul", ["x", share]);
  return emit.finish(more ? [output, share] : [output]);
}

describe("CLIP's GELU", () => {
  it("becomes one operator", () => {
    const fused = fuse(quickGelu({}), FUSED);
    expect(operators(fused)).toEqual(["QuickGelu"]);
    expectSame(fused, quickGelu({}));
  });

  it.each([
    ["of numbers that are no whole vectors", { dims: [3, 6] }],
    ["of another slope", { slope: 1 }],
    ["whose logistic function is asked for", { more: true }],
  ])("%s stays", (_, shape) => {
    const graph = quickGelu(shape);
    expect(fuse(graph, FUSED)).toBe(graph);
  });
});

/** x [2, 8, 2, 2] in four groups, as exporters write GroupNorm, and SiLU after it; `more` reads what is between. */
function norm({ silu = true, pixels = [2, 2], more = false }): Graph {
  const emit = new Emitter(emptyGraph(18));
  emit.input("x", { dtype: "float32", dims: [2, 8, ...pixels] });
  const perChannel = (seed: number): string =>
    emit.constant(constantOf("float32", [8, 1, 1], normal(seed, 8)), `channels_${seed}`);
  const ones = emit.constant(constantOf("float32", [4], [1, 1, 1, 1]), "ones");
  const zeros = emit.constant(constantOf("float32", [4], [0, 0, 0, 0]), "zeros");
  const rows = emit.op("Reshape", ["x", emit.ints([2, 4, 2 * elementCount(pixels)])]);
  const flat = emit.op("InstanceNormalization", [rows, ones, zeros], { epsilon: float(1e-5) });
  const back = emit.op("Reshape", [flat, emit.ints([2, 8, ...pixels])]);
  const y = emit.op("Add", [emit.op("Mul", [back, perChannel(1)]), perChannel(2)]);
  const output = silu ? emit.op("Mul", [y, emit.op("Sigmoid", [y])]) : y;
  return emit.finish(more ? [output, y] : [output]);
}

describe("GroupNorm", () => {
  it.each([true, false])("becomes one operator (SiLU: %s)", (silu) => {
    const fused = fuse(norm({ silu }), FUSED);
    expect(operators(fused)).toEqual(["FusedGroupNorm"]);
    expectSame(fused, norm({ silu }));
  });

  it("leaves a SiLU alone where what goes into it is asked for", () => {
    const fused = fuse(norm({ more: true }), FUSED);
    expect(operators(fused)).toEqual(["FusedGroupNorm", "Sigmoid", "Mul"]);
    expectSame(fused, norm({ more: true }));
  });

  it("stays where its pixels are no whole vectors", () => {
    const graph = norm({ pixels: [3, 3] });
    expect(fuse(graph, FUSED)).toBe(graph);
  });
});

interface LayerNorm {
  readonly width?: number;
  readonly axis?: number;
  /** Its means are an output as well. */
  readonly means?: boolean;
  /** γ and β are inputs of the graph. */
  readonly computed?: boolean;
}

function layerNorm({ width = 8, axis = -1, means = false, computed = false }: LayerNorm): Graph {
  const emit = new Emitter(emptyGraph(18));
  const dims = [2, 3, width];
  emit.input("x", { dtype: "float32", dims });
  const normalised = dims.slice(axis);
  const [gamma = "", beta = ""] = [1, 2].map((seed) =>
    computed
      ? emit.input(`parameter_${seed}`, { dtype: "float32", dims: normalised })
      : emit.constant(
          constantOf("float32", normalised, normal(seed, elementCount(normalised))),
          "parameter",
        ),
  );
  const attributes = { axis: int(axis), epsilon: float(1e-3) };
  return emit.finish(
    emit.many("LayerNormalization", ["x", gamma, beta], means ? 2 : 1, attributes),
  );
}

describe("LayerNorm", () => {
  it("becomes an operator of our own", () => {
    const fused = fuse(layerNorm({}), FUSED);
    expect(operators(fused)).toEqual(["FusedLayerNorm"]);
    expectSame(fused, layerNorm({}));
  });

  it.each([
    ["whose rows are no whole vectors", { width: 6 }],
    ["over two axes", { axis: -2 }],
    ["whose means are asked for", { means: true }],
    ["whose scale and shift are no constants", { computed: true }],
  ])("%s stays", (_, shape: LayerNorm) => {
    const graph = layerNorm(shape);
    expect(fuse(graph, FUSED)).toBe(graph);
  });
});

describe("for onnxruntime", () => {
  it("each becomes its MultiHeadAttention, and nothing else changes", () => {
    const lowered = lowerFused(fuse(attention({}), FUSED));
    expect(operators(lowered).filter((op) => op.includes("::"))).toEqual([
      "com.microsoft::MultiHeadAttention",
    ]);
    const graph = attention({ scale: 1 });
    expect(lowerFused(graph)).toBe(graph);
  });

  it("no file may ask for one by a negative scale", () => {
    const lowered = lowerFused(fuse(attention({}), FUSED));
    expect(() => lowerFused(lowered)).toThrow(/has a negative scale/);
  });

  it("no file may bring one", () => {
    const bytes = encodeModel(modelFromGraph(fuse(gated(1), FUSED)).model);
    const read = graphFromModel(decodeModel(bytes, "a file"));
    expect(() => specialise(read, { x: { dims: [2, 8] } })).toThrow(/GatedGelu/);
  });
});
