/**
 * @file 1 x 1 convolutions as the studio's own operator, which takes in a transpose to planes before it and one to rows after it,
 * or what is added to the result. Just before a session is made: it has no gradient.
 */
import { PANEL } from "../convolution/winograd.ts";
import { int, intAttribute, intsAttribute, stringAttribute } from "../onnx/attributes.ts";
import { type Constant, joinConstants, tapsConstant } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { consumersOf, type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { PIXELS } from "../onnx/operators/pointwise.ts";
import { elementCount, sameDims } from "../tensor/shape.ts";
import { prune } from "./prune.ts";

export interface PointwiseLimits {
  /** Most input channels. */
  readonly channels: number;
}

const TO_PLANES = [0, 3, 1, 2];
const TO_ROWS = [0, 2, 3, 1];

interface Found {
  /** The node that gives the result: the convolution, a transpose or an Add that alone reads it. */
  readonly last: Node;
  readonly input: string;
  readonly rowsIn: boolean;
  readonly rowsOut: boolean;
  readonly residual: string | undefined;
  readonly weights: Constant;
}

export function fusePointwise(graph: Graph, { channels }: PointwiseLimits): Graph {
  const producers = producersOf(graph);
  const readers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const found = new Map<Node, Found>();
  for (const node of graph.nodes) {
    const one = foundAt(node);
    if (one !== undefined && !found.has(one.last)) found.set(one.last, one);
  }
  if (found.size === 0) return graph;
  const emit = Emitter.rewriting(graph);
  for (const node of graph.nodes) {
    const one = found.get(node);
    if (one === undefined) {
      emit.copy(node);
      continue;
    }
    const weights = emit.constant(one.weights, "ordered_weights");
    emit.copy({
      ...node,
      opType: "PointwiseConvolution",
      inputs: [one.input, weights, ...(one.residual === undefined ? [] : [one.residual])],
      attributes: new Map([
        ["rows_in", int(one.rowsIn ? 1 : 0)],
        ["rows_out", int(one.rowsOut ? 1 : 0)],
      ]),
    });
  }
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));

  function foundAt(node: Node): Found | undefined {
    const [planes = "", weightName = "", biasName = ""] = node.inputs;
    if (node.opType !== "Conv" || !isPlain(node)) return undefined;
    const weights = graph.constants.get(weightName);
    const type = typeOf(graph, planes);
    if (type?.dtype !== "float32" || weights === undefined) return undefined;
    const [, inputs = 0, ...pixels] = type.dims;
    const [count = 0, , ...kernel] = weights.dims;
    const none: Constant = { dtype: "float32", dims: [count], data: { kind: "fill", value: 0 } };
    const bias = biasName === "" ? none : graph.constants.get(biasName);
    const fits =
      sameDims(kernel, [1, 1]) &&
      count % PANEL === 0 &&
      elementCount(pixels) % PIXELS === 0 &&
      inputs <= channels;
    if (!fits || bias === undefined) return undefined;
    const before = producers.get(planes);
    const rowsIn = before !== undefined && isTranspose(before, TO_PLANES) && inputs % 4 === 0;
    const value = node.outputs[0] ?? "";
    const next = soleReader(value);
    const rowsOut = next !== undefined && isTranspose(next, TO_ROWS);
    const residual = next === undefined ? undefined : addedTo(next, value);
    return {
      last: next !== undefined && (rowsOut || residual !== undefined) ? next : node,
      input: rowsIn ? (before.inputs[0] ?? "") : planes,
      ...{ rowsIn, rowsOut, residual },
      weights: joinConstants([tapsConstant(weights, PANEL), bias]),
    };
  }

  function soleReader(value: string): Node | undefined {
    const found = readers.get(value) ?? [];
    return found.length === 1 && !outputs.has(value) ? found[0] : undefined;
  }

  /** The other term of a sum of two tensors of one shape. */
  function addedTo({ opType, inputs }: Node, value: string): string | undefined {
    const other = inputs.find((input) => input !== value);
    const dims = [value, other ?? ""].map((name) => typeOf(graph, name)?.dims ?? []);
    const [own = [], others = []] = dims;
    return opType === "Add" && sameDims(own, others) ? other : undefined;
  }
}

const isTranspose = (node: Node, perm: readonly number[]): boolean =>
  node.opType === "Transpose" && sameDims(intsAttribute(node, "perm", []), perm);

/** Every pixel by itself, all channels together. */
function isPlain(node: Node): boolean {
  const are = (name: string, values: readonly number[]): boolean =>
    sameDims(intsAttribute(node, name, values), values);
  return (
    intAttribute(node, "group", 1) === 1 &&
    stringAttribute(node, "auto_pad", "NOTSET") === "NOTSET" &&
    are("pads", [0, 0, 0, 0]) &&
    are("strides", [1, 1])
  );
}
