/** @file Attention in chunks: the same values and gradients as whole, in less memory; what is not attention is left alone. */
import { describe, expect, it } from "vitest";
import { int } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import type { Graph } from "../onnx/graph.ts";
import { chunkAttention } from "../passes/chunk-attention.ts";
import { attentions, chunksOf } from "../passes/find-attention.ts";
import { prune } from "../passes/prune.ts";
import { elementCount } from "../tensor/shape.ts";
import { evaluateAll } from "./gradient-check.test-support.ts";
import { gradient } from "./gradient.ts";
import { empty, input, total } from "./small-graph.test-support.ts";

const [BATCH, HEADS, ROWS, KEYS, DEPTH, WIDTH] = [2, 3, 6, 5, 4, 2] as const;
/** Scores of one head, counted in float32. */
const HEAD_BYTES = 4 * ROWS * KEYS;

/** Σ cos(i) o_i of attention over inputs q, k (transposed) and v; a scale is a node of its own. */
function build(scale = 1): { graph: Graph; loss: string; output: string; scores: string } {
  const emit = empty();
  const q = input(emit, "q", BATCH, HEADS, ROWS, DEPTH);
  const k = input(emit, "k", BATCH, HEADS, DEPTH, KEYS);
  const v = input(emit, "v", BATCH, HEADS, KEYS, WIDTH);
  const scores = emit.op("MatMul", [q, k]);
  const scaled = scale === 1 ? scores : emit.op("Mul", [scores, emit.scalar(scale, "float64")]);
  const p = emit.op("Softmax", [scaled], { axis: int(-1) });
  const output = emit.op("MatMul", [p, v]);
  const count = BATCH * HEADS * ROWS * WIDTH;
  const values = Array.from({ length: count }, (_, i) => Math.cos(i));
  const contrast = emit.constant(
    constantOf("float64", [BATCH, HEADS, ROWS, WIDTH], values),
    "contrast",
  );
  const loss = total(emit, emit.op("Mul", [output, contrast]));
  return { graph: emit.finish([output, loss]), loss, output, scores };
}

const numbers = (count: number, phase: number): number[] =>
  Array.from({ length: count }, (_, i) => 2 * Math.sin(3 * i + phase));
const FEEDS = {
  q: numbers(BATCH * HEADS * ROWS * DEPTH, 1),
  k: numbers(BATCH * HEADS * DEPTH * KEYS, 2),
  v: numbers(BATCH * HEADS * KEYS * WIDTH, 3),
};
const WRT = Object.keys(FEEDS);

const count = (graph: Graph, opType: string): number =>
  graph.nodes.filter((node) => node.opType === opType).length;

describe.each([
  { heads: 1, chunks: 6 },
  { heads: 2, chunks: 3 },
  { heads: 4, chunks: 2 },
  { heads: 2, chunks: 3, scale: 0.3 },
  { heads: 1 / 2, chunks: 12 },
  { heads: 1 / 4, chunks: 36, scale: 0.3 },
])("$heads heads at a time, scores times $scale", ({ heads, chunks, scale = 1 }) => {
  const bytes = heads * HEAD_BYTES;

  it("gives the same values and the same gradients", async () => {
    const { graph, loss, output } = build(scale);
    const whole = gradient(graph, { of: loss, wrt: WRT });
    const parts = gradient(graph, { of: loss, wrt: WRT, attentionBytes: bytes });
    const chunked = chunkAttention(parts.graph, bytes);
    expect(count(chunked, "Softmax")).toBe(2 * chunks);
    const names = (of: typeof whole): string[] => [
      output,
      ...WRT.map((name) => of.gradients.get(name)!),
    ];
    const expected = await evaluateAll(whole.graph, FEEDS, names(whole));
    const got = await evaluateAll(chunked, FEEDS, names(parts));
    for (const [i, { dims, data }] of got.entries()) {
      expect(dims).toEqual(expected[i]!.dims);
      // The same sums in float64, in another order.
      data.forEach((x, j) => expect(x).toBeCloseTo(expected[i]!.data[j]!, 12));
    }
  });

  it("keeps no tensor of all heads' scores", () => {
    const { graph, loss } = build(scale);
    const parts = gradient(graph, { of: loss, wrt: WRT, attentionBytes: bytes });
    const wanted = prune(parts.graph, [loss, ...parts.gradients.values()]);
    const chunked = chunkAttention(wanted, bytes);
    const { counts, blocks } = chunksOf(attentions(graph, bytes)[0]!, bytes);
    const made = chunked.nodes.flatMap(({ outputs }) =>
      outputs.map((name) => chunked.types.get(name)!),
    );
    const scores = made.filter(({ dims }) => dims.at(-2) === ROWS / blocks && dims.at(-1) === KEYS);
    expect(scores.length).toBeGreaterThan(0);
    for (const { dims } of scores) expect(dims[0]).toBeLessThanOrEqual(Math.max(...counts));
    const largest = Math.max(
      ...made.map(({ dims }) => (dims.at(-1) === KEYS ? elementCount(dims) : 0)),
    );
    expect(largest).toBeLessThan(BATCH * HEADS * ROWS * KEYS);
  });
});

it("shares heads out evenly", () => {
  const one = attentions(build().graph, 0)[0]!;
  expect(chunksOf(one, HEAD_BYTES)).toEqual({ counts: [1, 1, 1, 1, 1, 1], blocks: 1 });
  expect(chunksOf(one, 4 * HEAD_BYTES)).toEqual({ counts: [3, 3], blocks: 1 });
  expect(chunksOf(one, 5 * HEAD_BYTES)).toEqual({ counts: [3, 3], blocks: 1 });
  // Of 6 queries: a third of a head is 2 of them, a quarter would be 1.5.
  expect(chunksOf(one, HEAD_BYTES / 3)).toEqual({ counts: new Array(18).fill(1), blocks: 3 });
  expect(chunksOf(one, HEAD_BYTES / 4)).toEqual({ counts: new Array(36).fill(1), blocks: 6 });
  expect(chunksOf(one, 0).blocks).toBe(6);
});

it("leaves small attention whole, and what else reads the scores or the probabilities", () => {
  const { graph, scores } = build();
  const bytes = BATCH * HEADS * HEAD_BYTES;
  expect(chunkAttention(graph, bytes)).toBe(graph);
  expect(attentions(graph, bytes - 1)).toHaveLength(1);
  const read = {
    ...graph,
    outputs: [...graph.outputs, { name: scores, ...graph.types.get(scores)! }],
  };
  expect(attentions(read, 0)).toHaveLength(0);
});
