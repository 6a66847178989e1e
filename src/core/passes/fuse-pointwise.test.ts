/** @file 1 x 1 convolutions, with transposes and sums beside them, become one operator that computes the same; others stay. */
import { describe, expect, it } from "vitest";
import { outputsOf } from "../../../tests/support/graph-values.ts";
import { type Attribute, ints } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { normal } from "../random/normal.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { fusePointwise } from "./fuse-pointwise.ts";

const LIMITS = { channels: 64 };

interface Settings {
  /** [B, I, H, W]. */
  readonly image?: Dims;
  readonly outputs?: number;
  readonly kernel?: Dims;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly bias?: boolean;
  /** Whether the image comes pixel by pixel and is transposed. */
  readonly rowsIn?: boolean;
  /** What becomes of the result. */
  readonly use?: "output" | "rows" | "rows and itself" | "sum" | "sum of channels" | "sum of rows";
}

function convolution({
  image = [2, 4, 2, 4],
  outputs = 8,
  kernel = [1, 1],
  attributes = {},
  bias = true,
  rowsIn = false,
  use = "output",
}: Settings = {}): Graph {
  const emit = new Emitter(emptyGraph(18));
  const [images = 0, inputs = 0, height = 0, width = 0] = image;
  const dims = rowsIn ? [images, height, width, inputs] : image;
  const x = emit.input("x", { dtype: "float32", dims });
  const numbers = (of: Dims, seed: number): string =>
    emit.constant(constantOf("float32", of, normal(seed, elementCount(of))), "numbers");
  const planes = rowsIn ? emit.op("Transpose", [x], { perm: ints([0, 3, 1, 2]) }) : x;
  const weights = numbers([outputs, inputs, ...kernel], 1);
  const y = emit.op(
    "Conv",
    [planes, weights, ...(bias ? [numbers([outputs], 2)] : [])],
    attributes,
  );
  const rows = (): string => emit.op("Transpose", [y], { perm: ints([0, 2, 3, 1]) });
  if (use === "output") return emit.finish([y]);
  if (use === "rows") return emit.finish([rows()]);
  if (use === "rows and itself") return emit.finish([rows(), y]);
  const all = emit.type(y).dims;
  const others = {
    sum: all,
    "sum of channels": [images, outputs, 1, 1],
    "sum of rows": [all[3]!],
  };
  const other = emit.input("r", { dtype: "float32", dims: others[use] });
  return emit.finish([emit.op("Add", [other, y])]);
}

const operators = (graph: Graph): string[] => graph.nodes.map(({ opType }) => opType);
const ALONE = ["PointwiseConvolution"];

describe("a 1 x 1 convolution", () => {
  it.each([
    ["alone", {}, ALONE],
    ["without a bias", { bias: false }, ALONE],
    ["of an image that comes pixel by pixel", { rowsIn: true }, ALONE],
    ["whose result is wanted pixel by pixel", { use: "rows" }, ALONE],
    ["between two transposes", { rowsIn: true, use: "rows" }, ALONE],
    ["with a sum after it", { rowsIn: true, use: "sum" }, ALONE],
    ["with a number for each channel added", { use: "sum of channels" }, ALONE],
    ["with another shape added", { use: "sum of rows" }, [...ALONE, "Add"]],
    ["whose result is wanted both ways", { use: "rows and itself" }, [...ALONE, "Transpose"]],
    [
      "of three channels that come pixel by pixel",
      { image: [1, 3, 2, 4], rowsIn: true },
      ["Transpose", ...ALONE],
    ],
  ] satisfies [string, Settings, string[]][])("%s", async (_, settings, wanted) => {
    const graph = convolution(settings);
    const fused = fusePointwise(graph, LIMITS);
    expect(operators(fused)).toEqual(wanted);
    const [before, after] = [await outputsOf(graph), await outputsOf(fused)];
    expect(after.map(({ dims }) => dims)).toEqual(before.map(({ dims }) => dims));
    // The same products in another order, of float32 numbers.
    after.forEach(({ data }, i) =>
      data.forEach((x, j) => expect(Math.abs(x - before[i]!.data[j]!)).toBeLessThan(1e-5)),
    );
  });

  it.each([
    ["of every other pixel", { attributes: { strides: ints([2, 2]) } }],
    ["with zeros around", { attributes: { pads: ints([1, 1, 1, 1]) } }],
    ["of 3 x 3", { kernel: [3, 3], attributes: { pads: ints([1, 1, 1, 1]) } }],
    ["to four channels", { outputs: 4 }],
    ["of an image of 3 x 3", { image: [1, 4, 3, 3] }],
    ["of more channels than fit", { image: [1, 68, 2, 2] }],
    ["with holes", { attributes: { dilations: ints([2, 2]) } }],
  ] satisfies [string, Settings][])("%s stays", (_, settings) => {
    const graph = convolution(settings);
    expect(fusePointwise(graph, LIMITS)).toBe(graph);
  });
});
