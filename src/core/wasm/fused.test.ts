/** @file The studio's own operators as sessions get them, run by the function behind them, beside their plain values. */
import { describe, expect, it } from "vitest";
import { type Attribute, float, int } from "../onnx/attributes.ts";
import type { Constant } from "../onnx/constant.ts";
import { Emitter, smallValue } from "../onnx/emit.ts";
import { evaluateGraph, evaluateNode } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { isSupported, type SupportedOp } from "../onnx/operators/supported.ts";
import { lowerFused } from "../passes/lower-fused.ts";
import { normal } from "../random/normal.ts";
import { ndArray, type NdArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { fusedKernel } from "./fused-kernel.ts";
import { type FusedRunner, fusedRunner } from "../../../tests/support/fused-node.ts";
import { TARGETS } from "../../../tests/support/wasm-functions.ts";

interface Case {
  readonly op: SupportedOp;
  readonly inputs: readonly Dims[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Means of the inputs; 0 where left out. */
  readonly means?: readonly number[];
  /** The input that is a mask: numbers as in others, but for keys after the query, which are not seen. */
  readonly mask?: number;
}

/** @param mean of queries, keys and values: with a large one no bound says that scores are small */
const self = (images: number, positions: number, heads: number, size: number, mean = 0): Case[] => {
  const channels = heads * size;
  const inputs = [
    [images, positions, 3 * channels],
    [images, positions, channels],
  ];
  const shared = { inputs, attributes: { heads: int(heads) }, means: [mean] };
  return [
    { op: "PackedSelfAttention", ...shared },
    { op: "PackedSelfAttentionGradient", ...shared, inputs: [...inputs, inputs[1]!] },
  ];
};

const masked = (...[images, positions, heads, size]: Parameters<typeof self>): Case[] =>
  self(images, positions, heads, size).map((one) => ({
    ...one,
    inputs: [...one.inputs, [positions, positions]],
    mask: one.inputs.length,
  }));

const cross = (
  images: number,
  positions: number,
  keys: number,
  heads: number,
  size: number,
  mean = 0,
): Case[] => {
  const channels = heads * size;
  const [packed, queries] = [
    [images, keys, 2 * channels],
    [images, positions, channels],
  ];
  const shared = { attributes: { heads: int(heads) }, means: [mean, mean] };
  return [
    { op: "PackedCrossAttention", ...shared, inputs: [packed, queries] },
    { op: "PackedCrossAttentionGradient", ...shared, inputs: [packed, queries, queries] },
  ];
};

const gelu = (width: number, ...rows: number[]): Case[] => {
  const whole = [...rows, 2 * width];
  return [
    { op: "GatedGelu", inputs: [whole] },
    { op: "GatedGeluGradient", inputs: [whole, [...rows, width]] },
  ];
};

const quickGelu = (...dims: number[]): Case[] => [
  { op: "QuickGelu", inputs: [dims] },
  { op: "QuickGeluGradient", inputs: [dims, dims] },
];

/** @param mean of what is normalised, whose deviation is 2 */
const norm = (dims: Dims, groups: number, silu: 0 | 1, mean = 0): Case[] => {
  const [, channels = 0] = dims;
  const perChannel = [[channels], [channels]];
  const shared = {
    attributes: { groups: int(groups), silu: int(silu), epsilon: float(1e-5) },
  };
  return [
    { op: "FusedGroupNorm", ...shared, inputs: [dims, ...perChannel], means: [mean] },
    {
      op: "FusedGroupNormGradient",
      ...shared,
      inputs: [dims, dims, ...perChannel],
      means: [0, mean],
    },
    {
      op: "FusedGroupNormGradient",
      ...shared,
      inputs: [dims, dims, ...perChannel, dims],
      means: [0, mean],
    },
  ];
};

const layerNorm = (dims: Dims, mean = 0): Case[] => {
  const column = [dims.at(-1)!];
  const shared = { attributes: { epsilon: float(1e-5) } };
  return [
    { op: "FusedLayerNorm", ...shared, inputs: [dims, column, column], means: [mean] },
    { op: "FusedLayerNormGradient", ...shared, inputs: [dims, dims, column], means: [0, mean] },
    {
      op: "FusedLayerNormGradient",
      ...shared,
      inputs: [dims, dims, column, dims],
      means: [0, mean],
    },
  ];
};

const dense = (rows: readonly number[], depth: number, columns: number, adds = false): Case => ({
  op: "Dense",
  inputs: [[...rows, depth], [(depth + 1) * columns], ...(adds ? [[...rows, columns]] : [])],
});

/** With a number for each image and channel added. */
const convolution = ([images = 1, inputs = 1, ...pixels]: Dims, outputs: number): Case[] =>
  (["WinogradConvolution", "DirectConvolution"] as const).map((op) => {
    const parameters = ((op === "DirectConvolution" ? 9 : 36) * inputs + 1) * outputs;
    const image = [images, inputs, ...pixels];
    return { op, inputs: [image, [parameters], [images, outputs, 1, 1]] };
  });

/** Images as they lie and pixel by pixel, with each of what may be added. */
const pointwise = (images: number, inputs: number, pixels: Dims, outputs: number): Case[] => {
  const parameters = [(inputs + 1) * outputs];
  const one = (rowsIn: 0 | 1, rowsOut: 0 | 1, added: Dims[] = []): Case => ({
    op: "PointwiseConvolution",
    inputs: [
      rowsIn === 1 ? [images, ...pixels, inputs] : [images, inputs, ...pixels],
      parameters,
      ...added,
    ],
    attributes: { rows_in: int(rowsIn), rows_out: int(rowsOut) },
  });
  return [
    ...[one(0, 0), one(0, 1), one(1, 0), one(1, 1)],
    ...[one(0, 0, [[images, outputs, ...pixels]]), one(1, 0, [[images, outputs, 1, 1]])],
  ];
};

const CASES = [
  // Groups that fill no block, several blocks, one group for three threads.
  ...[pointwise(2, 4, [2, 2], 8), pointwise(1, 12, [9, 8], 24), pointwise(3, 8, [8, 4], 16)].flat(),
  ...[convolution([1, 1, 8, 8], 8), convolution([3, 2, 8, 16], 24)].flat(),
  // Fewer tiles of rows than threads, tiles that are not whole, panels of two blocks.
  ...[dense([6], 1, 8), dense([7], 7, 48), dense([12], 64, 32, true), dense([20], 9, 16, true)],
  ...[dense([9], 1100, 24), dense([2, 5], 1100, 40, true), dense([4, 2, 1], 64, 32, true)],
  ...[norm([1, 4, 4], 1, 0), norm([2, 12, 4, 4], 4, 1), norm([3, 8, 64], 2, 1, 50)].flat(),
  ...[layerNorm([1, 4]), layerNorm([7, 12]), layerNorm([2, 5, 20], 50)].flat(),
  ...[layerNorm([2, 1, 3, 16]), layerNorm([1, 2, 64])].flat(),
  ...[self(1, 8, 1, 8), self(2, 16, 3, 8), self(1, 64, 2, 24), self(3, 24, 1, 40)].flat(),
  ...[masked(1, 8, 1, 8), masked(2, 24, 3, 16)].flat(),
  ...[cross(1, 8, 77, 1, 8), cross(2, 16, 5, 3, 16), cross(1, 32, 1, 2, 8)].flat(),
  ...[self(1, 16, 2, 8, 4), cross(1, 8, 77, 1, 8, 4)].flat(),
  ...[gelu(4, 1), gelu(12, 7), gelu(256, 2), gelu(8, 2, 5), gelu(4, 2, 1, 3)].flat(),
  ...[quickGelu(1, 8), quickGelu(7, 24), quickGelu(2, 3, 40), quickGelu(3, 1, 1, 64)].flat(),
];

function graphOf({ op, inputs, attributes }: Case): Graph {
  const emit = new Emitter(emptyGraph(18));
  const names = inputs.map((dims, i) => emit.input(`x${i}`, { dtype: "float32", dims }));
  return emit.finish([emit.op(op, names, attributes)]);
}

function valueOf(name: string, constant: Constant): NdArray {
  const value = smallValue(constant, Infinity);
  if (value === undefined) throw new Error(`the constant "${name}" is not at hand`);
  return value;
}

/** The graph's output, with what sessions get in place of its node. */
function runLowered(graph: Graph, feeds: ReadonlyMap<string, NdArray>, run: FusedRunner): NdArray {
  const lowered = lowerFused(graph);
  const values = new Map(feeds);
  lowered.constants.forEach((constant, name) => values.set(name, valueOf(name, constant)));
  for (const node of lowered.nodes) {
    const inputs = node.inputs.map((name) => values.get(name)!);
    const outputs = isSupported(node.opType)
      ? evaluateNode(node, lowered.opset, inputs)
      : [run(node, inputs)];
    node.outputs.forEach((name, i) => values.set(name, outputs[i]!));
  }
  return values.get(lowered.outputs[0]!.name)!;
}

describe.each(TARGETS)("an engine $engine", (target) => {
  const runner = fusedRunner(target);

  it.each(CASES)("$op of $inputs, means $means", (one) => {
    const graph = graphOf(one);
    const feeds = new Map(
      one.inputs.map((dims, i) => {
        // Up to some standard deviations: scores from -20 to 20, gates at both ends of the normal distribution.
        const mean = one.means?.[i] ?? 0;
        const [positions = 1] = dims;
        const hidden = (at: number): boolean =>
          i === one.mask && at % positions > Math.floor(at / positions);
        const data = normal(i + 3, elementCount(dims)).map((x, at) =>
          hidden(at) ? -1e9 : 2 * x + mean,
        );
        return [`x${i}`, ndArray("float32", dims, data)];
      }),
    );
    const { name } = graph.outputs[0]!;
    const expected = evaluateGraph(graph, feeds, [name], valueOf).get(name)!;
    const got = runLowered(graph, feeds, runner);
    expect(got.dims).toEqual(expected.dims);
    const largest = expected.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    expected.data.forEach((wanted, i) => {
      // Scores reach some 60, where float32 is 4e-6 apart, and exponentials hand that on as a relative error.
      expect(Math.abs(got.data[i]! - wanted)).toBeLessThan(1e-5 * largest);
    });
  });
});

it("is made of functions that V8 gives its better register allocator to", () => {
  // One of more than 8,192 virtual registers gets the other, and ran 1.6 times as long: with 59,000 bytes it was, with 54,100
  // it was not.
  const { body, more } = fusedKernel({ relaxed: true, tall: true }, 1);
  for (const one of [body, ...more]) expect(one.length).toBeLessThan(50_000);
});
