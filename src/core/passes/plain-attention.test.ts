/** @file Attention of every exporter gets one form, which computes the same; what is no such attention stays as it is. */
import { describe, expect, it } from "vitest";
import { int, ints } from "../onnx/attributes.ts";
import { checkStatic } from "../onnx/check.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter, smallValue } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { normal } from "../random/normal.ts";
import { ndArray } from "../tensor/nd-array.ts";
import { elementCount } from "../tensor/shape.ts";
import { plainAttention } from "./plain-attention.ts";
import { simplify } from "./simplify.ts";

const [B, H, T, K, D] = [2, 3, 4, 5, 8];
const INPUTS = { q: [B, T, H * D], k: [B, K, H * D], v: [B, K, H * D] } as const;
const SCALE = 1 / Math.sqrt(D);

type Build = (emit: Emitter) => string;

function built(build: Build): Graph {
  const emit = new Emitter(emptyGraph(18));
  for (const [name, dims] of Object.entries(INPUTS)) emit.input(name, { dtype: "float32", dims });
  return emit.finish([build(emit)]);
}

const reshape = (e: Emitter, x: string, ...dims: number[]): string =>
  e.op("Reshape", [x, e.ints(dims)]);
const transpose = (e: Emitter, x: string, ...perm: number[]): string =>
  e.op("Transpose", [x], { perm: ints(perm) });
const heads = (e: Emitter, x: string, rows: number): string =>
  transpose(e, reshape(e, x, B, rows, H, D), 0, 2, 1, 3);
const softmax = (e: Emitter, x: string): string => e.op("Softmax", [x], { axis: int(-1) });
const together = (e: Emitter, x: string): string =>
  reshape(e, transpose(e, x, 0, 2, 1, 3), B, T, H * D);

/** diffusers' AttnProcessor by TorchScript: heads go into the batch, the scale onto the scores. */
const batched: Build = (e) => {
  const matrices = (x: string, rows: number): string =>
    reshape(e, heads(e, x, rows), B * H, rows, D);
  const scores = e.op("MatMul", [matrices("q", T), transpose(e, matrices("k", K), 0, 2, 1)]);
  const scaled = e.op("Mul", [scores, e.scalar(SCALE)]);
  const out = e.op("MatMul", [softmax(e, scaled), matrices("v", K)]);
  return together(e, reshape(e, out, B, H, T, D));
};

/** scaled_dot_product_attention by torch.export: half of the scale on queries, half on keys, those turned in a batch of their own. */
const halves: Build = (e) => {
  const root = e.constant(constantOf("float32", [1], [Math.sqrt(SCALE)]));
  const turned = transpose(e, reshape(e, heads(e, "k", K), -1, K, D), 0, 2, 1);
  const k = e.op("Mul", [reshape(e, turned, B, H, D, K), root]);
  const scores = e.op("MatMul", [e.op("Mul", [heads(e, "q", T), root]), k]);
  return together(e, e.op("MatMul", [softmax(e, scores), heads(e, "v", K)]));
};

/** The form itself. */
const plain: Build = (e) => {
  const q = e.op("Mul", [heads(e, "q", T), e.scalar(SCALE)]);
  const k = transpose(e, reshape(e, "k", B, K, H, D), 0, 2, 3, 1);
  return together(e, e.op("MatMul", [softmax(e, e.op("MatMul", [q, k])), heads(e, "v", K)]));
};

const operators = (graph: Graph): string[] => graph.nodes.map(({ opType }) => opType).toSorted();

function values(graph: Graph): Float64Array {
  const feeds = Object.entries(INPUTS).map(([name, dims], i) => {
    const value = ndArray("float32", dims, normal(i + 1, elementCount(dims)));
    return [name, value] as const;
  });
  const output = graph.outputs[0]!.name;
  const result = evaluateGraph(graph, new Map(feeds), [output], (_, constant) =>
    smallValue(constant)!,
  );
  return Float64Array.from(result.get(output)!.data);
}

describe("attention", () => {
  it.each([
    ["with heads in its batch", batched],
    ["with half of the scale on each side", halves],
  ])("%s gets the plain form, and computes the same", (_, build) => {
    const graph = built(build);
    const changed = simplify(plainAttention(graph));
    checkStatic(changed);
    expect(operators(changed)).toEqual(operators(built(plain)));
    expect(changed.outputs).toEqual(graph.outputs);
    const expected = values(graph);
    // Arithmetic is float64; the scale's root, or the scale, is a float32 constant.
    values(changed).forEach((value, i) =>
      expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-6),
    );
  });

  it("of a half-precision export gets the scale that its rounding is of", () => {
    const rounded = built((e) => {
      const scores = e.op("MatMul", [heads(e, "q", T), transpose(e, heads(e, "k", K), 0, 1, 3, 2)]);
      // float16 of 1/√8.
      const scaled = e.op("Mul", [scores, e.scalar(0.353515625)]);
      return together(e, e.op("MatMul", [softmax(e, scaled), heads(e, "v", K)]));
    });
    const exact = values(built(plain));
    values(plainAttention(rounded)).forEach((value, i) => {
      expect(Math.abs(value - exact[i]!)).toBeLessThan(1e-12);
    });
  });

  it("that has the form stays the same graph", () => {
    const graph = built(plain);
    expect(plainAttention(graph)).toBe(graph);
  });

  it.each<[string, Build]>([
    [
      "whose values are scaled",
      (e) => {
        const v = e.op("Mul", [heads(e, "v", K), e.scalar(2)]);
        const scores = e.op("MatMul", [
          heads(e, "q", T),
          transpose(e, heads(e, "k", K), 0, 1, 3, 2),
        ]);
        return together(e, e.op("MatMul", [softmax(e, scores), v]));
      },
    ],
    [
      "whose values are another order of heads",
      (e) => {
        const v = transpose(e, reshape(e, "v", B, K, D, H), 0, 3, 1, 2);
        const scores = e.op("MatMul", [
          heads(e, "q", T),
          transpose(e, heads(e, "k", K), 0, 1, 3, 2),
        ]);
        return together(e, e.op("MatMul", [softmax(e, scores), v]));
      },
    ],
    [
      "with a mask",
      (e) => {
        const scores = e.op("MatMul", [
          heads(e, "q", T),
          transpose(e, heads(e, "k", K), 0, 1, 3, 2),
        ]);
        const mask = e.constant(constantOf("float32", [1, 1, T, K], normal(9, T * K)));
        return together(
          e,
          e.op("MatMul", [softmax(e, e.op("Add", [scores, mask])), heads(e, "v", K)]),
        );
      },
    ],
  ])("%s stays as it is", (_, build) => {
    const graph = built(build);
    expect(plainAttention(graph)).toBe(graph);
  });
});
