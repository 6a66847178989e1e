/**
 * @file 1 x 1 convolutions as the studio's own operator, which reads and writes pixel by pixel where a transpose beside the
 * convolution does nothing else, and adds what is added after. Done last: gradients are such convolutions themselves.
 */
import { PANEL } from "../convolution/winograd.ts";
import { int, intsAttribute } from "../onnx/attributes.ts";
import { type Constant, joinConstants, tapsConstant } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { consumersOf, type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { GROUP_WIDTH } from "../onnx/operators/convolutions.ts";
import { sameDims } from "../tensor/shape.ts";
import { isPlainConvolution } from "./plain-convolution.ts";
import { prune } from "./prune.ts";
import { sumsAfter } from "./sum-after.ts";

export interface PointwiseLimits {
  /** Most input channels. */
  readonly channels: number;
}

/** From [B, H, W, C] to [B, C, H, W], and back. */
const TO_PLANES = [0, 3, 1, 2];
const TO_ROWS = [0, 2, 3, 1];

interface Found {
  /** The node that gives the result. */
  readonly last: Node;
  readonly input: string;
  readonly rowsIn: boolean;
  readonly rowsOut: boolean;
  readonly added: string | undefined;
  /** As the operator has them, and the bias. */
  readonly weights: Constant;
}

export function fusePointwise(graph: Graph, limits: PointwiseLimits): Graph {
  const find = finder(graph, limits);
  const found = new Map(
    graph.nodes.flatMap((node) => {
      const one = find(node);
      return one === undefined ? [] : [[one.last, one] as const];
    }),
  );
  if (found.size === 0) return graph;
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    const one = found.get(node);
    if (one === undefined) {
      emit.copy(node);
      continue;
    }
    const weights = emit.constant(one.weights, "ordered_weights");
    const inputs = [one.input, weights, ...(one.added === undefined ? [] : [one.added])];
    const attributes = new Map([
      ["rows_in", int(Number(one.rowsIn))],
      ["rows_out", int(Number(one.rowsOut))],
    ]);
    emit.copy({ ...node, opType: "PointwiseConvolution", inputs, attributes });
  }
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}

function finder(graph: Graph, { channels }: PointwiseLimits) {
  const producers = producersOf(graph);
  const consumers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const sumAfter = sumsAfter(graph);
  const isTranspose = (node: Node | undefined, perm: readonly number[]): node is Node =>
    node?.opType === "Transpose" && sameDims(intsAttribute(node, "perm", []), perm);
  /** The transpose that alone reads the convolution's result. */
  const rowsAfter = ({ outputs: [value = ""] }: Node): Node | undefined => {
    const [only, ...more] = consumers.get(value) ?? [];
    const alone = more.length === 0 && !outputs.has(value);
    return alone && isTranspose(only, TO_ROWS) ? only : undefined;
  };

  return (node: Node): Found | undefined => {
    const [input = "", weightName = "", biasName = ""] = node.inputs;
    if (node.opType !== "Conv" || !isPlainConvolution(node, 0)) return undefined;
    const weights = graph.constants.get(weightName);
    const type = typeOf(graph, input);
    if (type?.dtype !== "float32" || weights?.dtype !== "float32") return undefined;
    const [images = 0, inputs = 0, height = 0, width = 0] = type.dims;
    const [outs = 0, , ...kernel] = weights.dims;
    const none: Constant = { dtype: "float32", dims: [outs], data: { kind: "fill", value: 0 } };
    const bias = biasName === "" ? none : graph.constants.get(biasName);
    const fits =
      sameDims(kernel, [1, 1]) &&
      inputs <= channels &&
      outs % PANEL === 0 &&
      (height * width) % GROUP_WIDTH === 0;
    if (!fits || bias === undefined) return undefined;
    const before = producers.get(input);
    const rowsIn = inputs % 4 === 0 && isTranspose(before, TO_PLANES);
    const shared = {
      input: rowsIn ? before.inputs[0]! : input,
      rowsIn,
      weights: joinConstants([tapsConstant(weights, PANEL), bias]),
    };
    const rows = rowsAfter(node);
    if (rows !== undefined) return { ...shared, last: rows, rowsOut: true, added: undefined };
    const after = sumAfter(node);
    const adds =
      after !== undefined &&
      [after.dims, [images, outs, 1, 1]].some((dims) => sameDims(dims, after.otherDims));
    return {
      ...shared,
      last: adds ? after.sum : node,
      rowsOut: false,
      added: adds ? after.other : undefined,
    };
  };
}
