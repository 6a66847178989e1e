/**
 * @file 3 x 3 convolutions, with what is added to them after, as the studio's own operator, which multiplies a quarter as
 * often. Done last: gradients are convolutions themselves, with weights of their own.
 */
import { PANEL } from "../convolution/winograd.ts";
import {
  type Constant,
  constantBytes,
  joinConstants,
  tapsConstant,
  winogradConstant,
} from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { type Graph, type Node, typeOf } from "../onnx/graph.ts";
import { GROUP_SIDE, GROUP_WIDTH } from "../onnx/operators/convolutions.ts";
import { sameDims } from "../tensor/shape.ts";
import { isPlainConvolution } from "./plain-convolution.ts";
import { prune } from "./prune.ts";
import { type SumAfter, sumsAfter } from "./sum-after.ts";

/** What is taken by Winograd's algorithm. */
export interface WinogradLimits {
  /** Most input channels. */
  readonly channels: number;
  /** Most pixels of a row. */
  readonly width: number;
  /** Most bytes of transformed weights, four times as many as they were; larger images come first. */
  readonly bytes: number;
}

/** What is taken without tiles. */
export interface SmallLimits {
  readonly channels: number;
  /** Most pixels of an image. */
  readonly pixels: number;
}

/** Nothing where undefined. */
export interface ConvolutionLimits {
  readonly winograd: WinogradLimits | undefined;
  readonly small: SmallLimits | undefined;
}

interface Found {
  /** The node that gives the result: the convolution, or the Add that alone reads it. */
  readonly last: Node;
  readonly input: string;
  /** As large as the result, or a number for each image and channel. */
  readonly added: string | undefined;
  readonly opType: "DirectConvolution" | "WinogradConvolution";
  /** As the operator has them, and the bias. */
  readonly weights: Constant;
  /** Pixels that each weight is used for. */
  readonly pixels: number;
}

export function fuseConvolutions(graph: Graph, limits: ConvolutionLimits): Graph {
  const sumAfter = sumsAfter(graph);
  const found = graph.nodes
    .flatMap((node) => foundAt(graph, node, limits, sumAfter) ?? [])
    .sort((a, b) => b.pixels - a.pixels);
  const chosen = new Map<Node, Found>();
  let left = limits.winograd?.bytes ?? 0;
  for (const one of found) {
    if (one.opType === "WinogradConvolution") left -= constantBytes(one.weights);
    if (one.opType === "DirectConvolution" || left >= 0) chosen.set(one.last, one);
  }
  if (chosen.size === 0) return graph;
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    const one = chosen.get(node);
    if (one === undefined) {
      emit.copy(node);
      continue;
    }
    const weights = emit.constant(one.weights, "ordered_weights");
    const inputs = [one.input, weights, ...(one.added === undefined ? [] : [one.added])];
    emit.copy({ ...node, opType: one.opType, inputs, attributes: new Map() });
  }
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}

function foundAt(
  graph: Graph,
  node: Node,
  limits: ConvolutionLimits,
  sumAfter: (node: Node) => SumAfter | undefined,
): Found | undefined {
  const [input = "", weightName = "", biasName = ""] = node.inputs;
  if (node.opType !== "Conv" || !isPlainConvolution(node, 1)) return undefined;
  const weights = graph.constants.get(weightName);
  const type = typeOf(graph, input);
  if (type?.dtype !== "float32" || weights === undefined) return undefined;
  const [images = 0, inputs = 0, height = 0, width = 0] = type.dims;
  const [outputs = 0, , ...kernel] = weights.dims;
  const none: Constant = { dtype: "float32", dims: [outputs], data: { kind: "fill", value: 0 } };
  const bias = biasName === "" ? none : graph.constants.get(biasName);
  const opType = operatorFor(limits, inputs, height, width);
  const fits = sameDims(kernel, [3, 3]) && outputs % PANEL === 0;
  if (!fits || opType === undefined || bias === undefined) return undefined;
  const after = sumAfter(node);
  const adds =
    after !== undefined &&
    [after.dims, [images, outputs, 1, 1]].some((dims) => sameDims(dims, after.otherDims));
  return {
    last: adds ? after.sum : node,
    input,
    added: adds ? after.other : undefined,
    opType,
    weights: joinConstants([
      opType === "WinogradConvolution" ? winogradConstant(weights) : tapsConstant(weights, PANEL),
      bias,
    ]),
    pixels: images * height * width,
  };
}

function operatorFor(
  { winograd, small }: ConvolutionLimits,
  inputs: number,
  height: number,
  width: number,
): Found["opType"] | undefined {
  const isTiled = height % GROUP_SIDE === 0 && width % GROUP_SIDE === 0;
  if (winograd !== undefined && isTiled && inputs <= winograd.channels && width <= winograd.width) {
    return "WinogradConvolution";
  }
  const isSmall = width % GROUP_WIDTH === 0 && height * width <= (small?.pixels ?? 0);
  return isSmall && inputs <= (small?.channels ?? 0) ? "DirectConvolution" : undefined;
}
