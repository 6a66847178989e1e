/** @file Operators that reorder or repeat elements by a fixed pattern. */
import { broadcastDims, type Dims, stridesOf } from "../../tensor/shape.ts";
import { intAttribute, intsAttribute, stringAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { broadcast, offsetGrid, pick, progression } from "./offsets.ts";
import { operator, type Settings, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

/** Elements of an array of shape `dims` in the row-major order of its axes permuted. */
function permute(data: Float64Array, dims: Dims, perm: readonly number[]): Float64Array {
  const strides = stridesOf(dims);
  return pick(data, offsetGrid(perm.map((axis) => progression(dims[axis]!, strides[axis]!))));
}

function transposePlan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const reversed = dims.map((_, axis) => dims.length - 1 - axis);
  const perm = intsAttribute(s.node, "perm", reversed);
  if (show([...perm].sort((a, b) => a - b)) !== show([...reversed].reverse())) {
    throw new Error(`its perm ${show(perm)} does not order the axes of its input, ${show(dims)}`);
  }
  return { dtype, dims: perm.map((axis) => dims[axis]!), perm };
}

/** Channels are read as [block, block, C'] (DCR) or [C', block, block] (CRD). */
function depthToSpacePlan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const block = intAttribute(s.node, "blocksize", 0);
  const mode = stringAttribute(s.node, "mode", "DCR");
  const [n, c, h, w] = dims as [number, number, number, number];
  if (dims.length !== 4 || block < 1 || c % (block * block) !== 0) {
    throw new Error(`its input of shape ${show(dims)} does not hold blocks of size ${block}`);
  }
  if (mode !== "DCR" && mode !== "CRD")
    throw new Error(`its mode "${mode}" is neither "DCR" nor "CRD"`);
  const channels = c / (block * block);
  const view =
    mode === "DCR" ? [n, block, block, channels, h, w] : [n, channels, block, block, h, w];
  const perm = mode === "DCR" ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
  return { dtype, dims: [n, channels, h * block, w * block], view, perm };
}

function tilePlan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const repeats = s.numbers(1);
  if (repeats.length !== dims.length) {
    throw new Error(`its repeats ${show(repeats)} do not fit its input of shape ${show(dims)}`);
  }
  return { dtype, dims: dims.map((d, axis) => d * repeats[axis]!) };
}

function matrixDims(s: Settings) {
  const type = s.type(0);
  if (type.dims.length < 2)
    throw new Error(`its input of shape ${show(type.dims)} is not a matrix`);
  return type;
}

export const LAYOUT = {
  DepthToSpace: operator(depthToSpacePlan, ({ view, perm }, c) =>
    permute(c.input(0).data, view, perm),
  ),
  /** Broadcast of the input with a tensor of the given shape: either may have the 1. */
  Expand: operator(
    (s) => ({ dtype: s.type(0).dtype, dims: broadcastDims(s.type(0).dims, s.numbers(1)) }),
    ({ dims }, c) => broadcast(c.input(0).data, c.input(0).dims, dims),
  ),
  Tile: operator(tilePlan, ({ dims }, c) => {
    const from = c.input(0).dims;
    const strides = stridesOf(from);
    return pick(
      c.input(0).data,
      offsetGrid(
        dims.map((d, axis) =>
          Int32Array.from({ length: d }, (_, i) => (i % from[axis]!) * strides[axis]!),
        ),
      ),
    );
  }),
  Transpose: operator(transposePlan, ({ perm }, c) =>
    permute(c.input(0).data, c.input(0).dims, perm),
  ),
  /** The triangle of the last two axes on and above (upper) or on and below the k-th diagonal, the rest 0. */
  Trilu: operator(matrixDims, ({ dims }, c) => {
    const upper = intAttribute(c.node, "upper", 1) !== 0;
    const k = c.has(1) ? c.input(1).data[0]! : 0;
    const rows = dims.at(-2)!;
    const columns = dims.at(-1)!;
    return c.input(0).data.map((x, i) => {
      const diagonal = (i % columns) - (Math.floor(i / columns) % rows);
      return (upper ? diagonal >= k : diagonal <= k) ? x : 0;
    });
  }),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
