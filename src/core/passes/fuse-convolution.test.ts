/** @file 3 x 3 convolutions become the studio's own operator, which computes the same; others stay. */
import { describe, expect, it } from "vitest";
import { outputsOf } from "../../../tests/support/graph-values.ts";
import { type Attribute, int, ints } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { normal } from "../random/normal.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { type ConvolutionLimits, fuseConvolutions } from "./fuse-convolution.ts";

const WINOGRAD = { channels: 64, width: 4096, bytes: 2 ** 20 };
const SMALL = { channels: 64, pixels: 255 };
const LIMITS: ConvolutionLimits = { winograd: WINOGRAD, small: SMALL };

interface Settings {
  readonly image?: Dims;
  readonly weights?: Dims;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly bias?: boolean;
  /** What becomes of the convolution: given as it is, added to the other input, both, or to itself. */
  readonly use?: "output" | "sum" | "both" | "doubled" | "sum of rows" | "sum of channels";
}

function convolution({
  image = [1, 2, 8, 8],
  weights = [8, 2, 3, 3],
  attributes = {},
  bias = true,
  use = "sum",
}: Settings = {}): Graph {
  const emit = new Emitter(emptyGraph(18));
  emit.input("x", { dtype: "float32", dims: image });
  const numbers = (dims: Dims, seed: number): string =>
    emit.constant(constantOf("float32", dims, normal(seed, elementCount(dims))), "numbers");
  const inputs = ["x", numbers(weights, 1), ...(bias ? [numbers([weights[0]!], 2)] : [])];
  const y = emit.op("Conv", inputs, { pads: ints([1, 1, 1, 1]), ...attributes });
  if (use === "output") return emit.finish([y]);
  if (use === "doubled") return emit.finish([emit.op("Add", [y, y])]);
  const { dims } = emit.type(y);
  const others = { "sum of rows": [dims[3]!], "sum of channels": [dims[0]!, dims[1]!, 1, 1] };
  const other = use === "sum of rows" || use === "sum of channels" ? others[use] : dims;
  emit.input("r", { dtype: "float32", dims: other });
  const sum = emit.op("Add", ["r", y]);
  return emit.finish(use === "both" ? [sum, y] : [sum]);
}

const operators = (graph: Graph): string[] => graph.nodes.map(({ opType }) => opType);

describe("a 3 x 3 convolution", () => {
  it.each([
    ["with a sum after it", {}, ["WinogradConvolution"]],
    ["without a bias", { bias: false }, ["WinogradConvolution"]],
    ["of several images", { image: [3, 2, 16, 8], use: "output" }, ["WinogradConvolution"]],
    [
      "with a number for each channel added",
      { image: [2, 2, 8, 8], use: "sum of channels" },
      ["WinogradConvolution"],
    ],
    [
      "of a small image with a number for each channel added",
      { image: [2, 2, 4, 4], use: "sum of channels" },
      ["DirectConvolution"],
    ],
    ["of an image of 3 x 4", { image: [2, 2, 3, 4] }, ["DirectConvolution"]],
    ["of an image of 12 x 12", { image: [1, 2, 12, 12], bias: false }, ["DirectConvolution"]],
    ["whose result is wanted as well", { use: "both" }, ["WinogradConvolution", "Add"]],
    ["added to itself", { use: "doubled" }, ["WinogradConvolution", "Add"]],
    ["with another shape added", { use: "sum of rows" }, ["WinogradConvolution", "Add"]],
  ] satisfies [string, Settings, string[]][])("%s", async (_, settings, wanted) => {
    const graph = convolution(settings);
    const fused = fuseConvolutions(graph, LIMITS);
    expect(operators(fused)).toEqual(wanted);
    const [before, after] = [await outputsOf(graph), await outputsOf(fused)];
    expect(after.map(({ dims }) => dims)).toEqual(before.map(({ dims }) => dims));
    // Transformed weights are float32.
    after.forEach(({ data }, i) =>
      data.forEach((x, j) => expect(Math.abs(x - before[i]!.data[j]!)).toBeLessThan(1e-5)),
    );
  });

  it.each([
    ["of every other pixel", { attributes: { strides: ints([2, 2]) } }],
    ["with holes", { attributes: { dilations: ints([2, 2]), pads: ints([2, 2, 2, 2]) } }],
    ["without zeros around", { attributes: { pads: ints([0, 0, 0, 0]) } }],
    ["of single channels", { weights: [8, 1, 3, 3], attributes: { group: int(2) } }],
    ["of 5 x 5", { weights: [8, 2, 5, 5], attributes: { pads: ints([2, 2, 2, 2]) } }],
    ["to four channels", { weights: [4, 2, 3, 3] }],
    ["of an image of 20 x 20", { image: [1, 2, 20, 20] }],
    ["of an image of 4 x 6", { image: [1, 2, 4, 6] }],
  ] satisfies [string, Settings][])("%s stays", (_, settings) => {
    const graph = convolution(settings);
    expect(fuseConvolutions(graph, LIMITS)).toBe(graph);
  });

  it.each([{ channels: 1 }, { width: 4 }, { bytes: 36 * 2 * 8 * 4 }])(
    "stays where %o is all there is",
    (limit) => {
      const graph = convolution();
      const limits = { ...LIMITS, winograd: { ...WINOGRAD, ...limit }, small: undefined };
      expect(fuseConvolutions(graph, limits)).toBe(graph);
    },
  );

  it.each([{ channels: 1 }, { pixels: 15 }])("of a small image stays where %o", (limit) => {
    const graph = convolution({ image: [1, 2, 4, 4] });
    const limits = { ...LIMITS, small: { ...SMALL, ...limit } };
    expect(fuseConvolutions(graph, limits)).toBe(graph);
    expect(fuseConvolutions(graph, { ...LIMITS, small: undefined })).toBe(graph);
  });
});
