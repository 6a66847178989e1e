/**
 * @file Self-attention with a mask, as text encoders have it: one product with a bias gives queries, keys and values, and
 * positions are filled up to whole blocks, those that are added seen by nobody.
 */
import { int } from "../onnx/attributes.ts";
import { type Constant, constantOf, joinConstants, transposeConstant } from "../onnx/constant.ts";
import { type Emitter, smallValue } from "../onnx/emit.ts";
import { type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { sameDims } from "../tensor/shape.ts";

/** Positions of a block, which the engine's function takes at a time. */
const BLOCK = 8;
/** As good as minus infinity, and far enough from the end of a float. */
const LOWEST = -1e9;

export const wholeBlocks = (positions: number): number => BLOCK * Math.ceil(positions / BLOCK);

export interface Masked {
  /** [B, S, C]. */
  readonly input: string;
  /** [C, 3C] and [3C]. */
  readonly weights: Constant;
  readonly bias: Constant;
  /** [P, P] of whole blocks, a row for each query. */
  readonly mask: Constant;
}

/**
 * @param three queries, keys and values, before heads are told apart
 * @param mask [..., S, S], a constant, the same for all heads and images
 */
export function maskedSelf(
  graph: Graph,
  three: readonly string[],
  mask: string,
): Masked | undefined {
  const producers = producersOf(graph);
  const projections = three.map((value) => projection(graph, producers, value));
  const [first, second, third] = projections;
  if (first === undefined || second === undefined || third === undefined) return undefined;
  const { dims = [] } = typeOf(graph, first.input) ?? {};
  const [, positions = 0, channels = 0] = dims;
  const fits = [first, second, third].every(
    ({ input, weights }) => input === first.input && sameDims(weights.dims, [channels, channels]),
  );
  const block = blockMask(graph.constants.get(mask), positions);
  if (!fits || dims.length !== 3 || block === undefined) return undefined;
  const byColumn = ({ weights }: Projection): Constant => transposeConstant(weights, [1, 0]);
  const columns = joinConstants([byColumn(first), byColumn(second), byColumn(third)]);
  return {
    input: first.input,
    weights: transposeConstant(columns, [1, 0]),
    bias: joinConstants([first.bias, second.bias, third.bias]),
    mask: block,
  };
}

export function emitMasked(
  emit: Emitter,
  { input, weights, bias, mask }: Masked,
  { last, heads }: { readonly last: Node; readonly heads: number },
): void {
  const [, positions = 0] = emit.type(input).dims;
  const [padded = 0] = mask.dims;
  const added = emit.ints([0, 0, 0, 0, padded - positions, 0]);
  const x = padded === positions ? input : emit.op("Pad", [input, added]);
  const product = emit.op("MatMul", [x, emit.constant(weights, "projections")]);
  const packed = emit.op("Add", [product, emit.constant(bias, "projections_bias")]);
  const attributes = { heads: int(heads) };
  const inputs = [packed, x, emit.constant(mask, "mask")];
  const output = { name: last.name, outputs: last.outputs };
  if (padded === positions) {
    const own = new Map(Object.entries(attributes));
    emit.copy({ ...output, opType: "PackedSelfAttention", inputs, attributes: own });
    return;
  }
  const all = emit.op("PackedSelfAttention", inputs, attributes);
  const cut = [all, emit.ints([0]), emit.ints([positions]), emit.ints([1])];
  emit.copy({ ...output, opType: "Slice", inputs: cut, attributes: new Map() });
}

interface Projection {
  readonly input: string;
  readonly weights: Constant;
  readonly bias: Constant;
}

/** A value that is x W + b. */
function projection(
  graph: Graph,
  producers: ReadonlyMap<string, Node>,
  value: string,
): Projection | undefined {
  const sum = producers.get(value);
  if (sum?.opType !== "Add") return undefined;
  const product = sum.inputs.map((name) => producers.get(name)).find((node) => node !== undefined);
  const bias = sum.inputs.map((name) => graph.constants.get(name)).find((one) => one !== undefined);
  const [input = "", matrix = ""] = product?.inputs ?? [];
  const weights = graph.constants.get(matrix);
  if (product?.opType !== "MatMul" || weights?.dims.length !== 2) return undefined;
  const perColumn = bias !== undefined && sameDims(bias.dims, [weights.dims[1]!]);
  return perColumn ? { input, weights, bias } : undefined;
}

/** Undefined where the mask is not the same for all heads and images, or its numbers are not at hand. */
function blockMask(mask: Constant | undefined, positions: number): Constant | undefined {
  const numbers = smallValue(mask, Infinity)?.data;
  if (numbers === undefined || !sameDims(mask!.dims.slice(-2), [positions, positions])) {
    return undefined;
  }
  const size = positions ** 2;
  if (numbers.some((x, i) => x !== numbers[i % size])) return undefined;
  const padded = wholeBlocks(positions);
  const block = Float32Array.from({ length: padded ** 2 }, (_, i) => {
    const [query, key] = [Math.floor(i / padded), i % padded];
    if (key >= positions) return LOWEST;
    // What the queries that were added see is of no use to anybody.
    return query >= positions ? 0 : Math.max(LOWEST, numbers[query * positions + key]!);
  });
  return constantOf("float32", [padded, padded], block);
}
