/** @file Self-attention with a mask, as text encoders have it, becomes one operator, which computes the same. */
import { describe, expect, it } from "vitest";
import { int, ints } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { materialise, noExternalData } from "../onnx/materialise.ts";
import { normal } from "../random/normal.ts";
import { fromBytes, ndArray, type NdArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { packAttention } from "./pack-attention.ts";

const LIMITS = { heads: 63, positions: 16_383, scratch: 2 ** 20 };
const HEADS = 2;

interface MaskedAttention {
  readonly positions?: number;
  /** Above the diagonal. */
  readonly hidden?: number;
  /** A mask for each head. */
  readonly perHead?: boolean;
  readonly biased?: boolean;
  /** The mask is an input of the graph. */
  readonly computed?: boolean;
}

/** Causal attention over x [2, S, C] as exporters write a text encoder's: projections with biases, scores scaled and masked. */
function masked(shape: MaskedAttention): Graph {
  const { positions = 5, hidden = -Infinity, perHead = false, biased = true } = shape;
  const size = 8;
  const channels = HEADS * size;
  const emit = new Emitter(emptyGraph(18));
  emit.input("x", { dtype: "float32", dims: [2, positions, channels] });
  const numbers = (seed: number, ...dims: number[]): string =>
    emit.constant(
      constantOf(
        "float32",
        dims,
        normal(seed, elementCount(dims)).map((n) => n / 4),
      ),
      `numbers_${seed}`,
    );
  const heads = (seed: number, perm: readonly number[]): string => {
    const product = emit.op("MatMul", ["x", numbers(seed, channels, channels)]);
    const all = biased ? emit.op("Add", [product, numbers(seed + 10, channels)]) : product;
    const split = emit.op("Reshape", [all, emit.ints([2, positions, HEADS, size])]);
    return emit.op("Transpose", [split], { perm: ints(perm) });
  };
  const dims = [1, perHead ? HEADS : 1, positions, positions];
  const maskOf = Array.from({ length: elementCount(dims) }, (_, i) => {
    const [head, row] = [Math.floor(i / positions ** 2), Math.floor(i / positions) % positions];
    return i % positions > row ? hidden : -head;
  });
  const mask =
    shape.computed === true
      ? emit.input("mask", { dtype: "float32", dims })
      : emit.constant(constantOf("float32", dims, maskOf), "mask");
  const product = emit.op("MatMul", [heads(1, [0, 2, 1, 3]), heads(2, [0, 2, 3, 1])]);
  const scores = emit.op("Add", [emit.op("Mul", [product, emit.scalar(size ** -0.5)]), mask]);
  const p = emit.op("Softmax", [scores], { axis: int(-1) });
  const o = emit.op("MatMul", [p, heads(3, [0, 2, 1, 3])]);
  const together = emit.op("Transpose", [o], { perm: ints([0, 2, 1, 3]) });
  return emit.finish([emit.op("Reshape", [together, emit.ints([2, positions, channels])])]);
}

const operators = (graph: Graph): string[] => graph.nodes.map(({ opType }) => opType);

async function outputOf(graph: Graph): Promise<Float64Array> {
  const numbers = new Map<string, NdArray>();
  for (const [name, constant] of graph.constants) {
    const bytes = await materialise(constant, noExternalData);
    numbers.set(name, fromBytes(constant.dtype, constant.dims, bytes));
  }
  const dims = graph.inputs[0]!.dims as Dims;
  const x = ndArray("float32", dims, normal(5, elementCount(dims)));
  const { name } = graph.outputs[0]!;
  return evaluateGraph(graph, new Map([["x", x]]), [name], (of) => numbers.get(of)!).get(name)!
    .data;
}

describe("attention with a mask", () => {
  it.each([
    ["of positions that are filled up to whole blocks", {}, ["Pad", "Slice"]],
    ["of whole blocks", { positions: 8, hidden: -3.4e38 }, []],
  ])("%s", async (_, shape, [before, after]) => {
    const graph = masked(shape);
    const fused = packAttention(graph, LIMITS);
    const product = ["MatMul", "Add", "PackedSelfAttention"];
    const moves = (name: string | undefined): string[] => (name === undefined ? [] : [name]);
    expect(operators(fused)).toEqual([...moves(before), ...product, ...moves(after)]);
    const [got, wanted] = [await outputOf(fused), await outputOf(graph)];
    expect(got.length).toBe(wanted.length);
    // Both computed in float64; a scale of 1 / √d is a float32 number in the one and exact in the other.
    got.forEach((y, i) => expect(Math.abs(y - wanted[i]!)).toBeLessThan(1e-6));
  });

  it.each([
    ["that differs from head to head", { perHead: true }],
    ["that is no constant", { computed: true }],
    ["after projections without biases", { biased: false }],
  ])("%s stays", (_, shape) => {
    const graph = masked(shape);
    expect(packAttention(graph, LIMITS)).toBe(graph);
  });
});
