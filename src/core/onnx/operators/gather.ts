/** @file Operators that read or write at computed positions. */
import { type Dims, elementCount, normalAxis, stridesOf } from "../../tensor/shape.ts";
import { intAttribute, stringAttribute } from "../attributes.ts";
import type { EvaluateContext, OperatorDefinition } from "./definition.ts";
import { axisOffsets, offsetGrid, pick, progression } from "./offsets.ts";
import { operator, type Settings, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

/** Position along an axis of the given size; negative ones count from the end. */
function position(index: number, size: number): number {
  const at = index < 0 ? index + size : index;
  if (!(at >= 0 && at < size)) throw new Error(`index ${index} is outside an axis of size ${size}`);
  return at;
}

function gatherPlan(s: Settings) {
  const { dtype, dims: data } = s.type(0);
  const indices = s.type(1).dims;
  const axis = normalAxis(intAttribute(s.node, "axis", 0), data.length);
  return { dtype, dims: [...data.slice(0, axis), ...indices, ...data.slice(axis + 1)], axis };
}

function gatherElementsPlan(s: Settings) {
  const { dtype, dims: data } = s.type(0);
  const { dims } = s.type(1);
  const axis = normalAxis(intAttribute(s.node, "axis", 0), data.length);
  if (dims.length !== data.length || dims.some((d, a) => a !== axis && d > data[a]!)) {
    throw new Error(
      `its indices of shape ${show(dims)} do not fit its data of shape ${show(data)}`,
    );
  }
  return { dtype, dims, axis };
}

/** Index tuples are the last axis of the indices; they address the axes of the data from `batch` on. */
function tuplePlan(data: Dims, indices: Dims, batch: number) {
  const length = indices.at(-1);
  const sameBatch = indices.slice(0, batch).every((d, axis) => d === data[axis]);
  if (length === undefined || length < 1 || batch + length > data.length || !sameBatch) {
    throw new Error(
      `its indices of shape ${show(indices)} do not fit its data of shape ${show(data)}`,
    );
  }
  return { length, dims: [...indices.slice(0, -1), ...data.slice(batch + length)] };
}

/** Offsets into the data of the slices that the index tuples name, in order. */
function tupleOffsets(c: EvaluateContext, batch: number): Int32Array {
  const { dims: data } = c.input(0);
  const { dims: shape, data: indices } = c.input(1);
  const { length } = tuplePlan(data, shape, batch);
  const strides = stridesOf(data);
  const tuples = indices.length / length;
  const perBatch = tuples / elementCount(shape.slice(0, batch));
  const batchStride = batch === 0 ? 0 : strides[batch - 1]!;
  return Int32Array.from({ length: tuples }, (_, t) => {
    let at = Math.floor(t / perBatch) * batchStride;
    for (let i = 0; i < length; i++) {
      at += position(indices[t * length + i]!, data[batch + i]!) * strides[batch + i]!;
    }
    return at;
  });
}

function scatterPlan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const { dims: written } = tuplePlan(dims, s.type(1).dims, 0);
  const updates = s.type(2).dims;
  if (show(updates) !== show(written)) {
    throw new Error(`its updates of shape ${show(updates)} are not ${show(written)}`);
  }
  const reduction = stringAttribute(s.node, "reduction", "none");
  if (reduction !== "none" && reduction !== "add") {
    throw new Error(`its reduction "${reduction}" is neither "none" nor "add"`);
  }
  return { dtype, dims, reduction };
}

export const GATHER = {
  Gather: operator(gatherPlan, ({ axis }, c) => {
    const { data, dims } = c.input(0);
    const stride = stridesOf(dims)[axis]!;
    const before = axisOffsets(dims, (a) => a < axis);
    const chosen = c.input(1).data.map((index) => position(index, dims[axis]!) * stride);
    return pick(data, offsetGrid([before, chosen, progression(stride, 1)]));
  }),
  GatherElements: operator(gatherElementsPlan, ({ dims, axis }, c) => {
    const from = c.input(0);
    const strides = stridesOf(from.dims);
    const others = offsetGrid(dims.map((d, a) => progression(d, a === axis ? 0 : strides[a]!)));
    return c
      .input(1)
      .data.map(
        (index, i) => from.data[others[i]! + position(index, from.dims[axis]!) * strides[axis]!]!,
      );
  }),
  GatherND: operator(
    (s) => {
      const { dtype, dims } = s.type(0);
      const batch = intAttribute(s.node, "batch_dims", 0);
      return { dtype, dims: tuplePlan(dims, s.type(1).dims, batch).dims, batch };
    },
    ({ dims, batch }, c) => {
      const tuples = tupleOffsets(c, batch);
      const slice = elementCount(dims) / Math.max(tuples.length, 1);
      return pick(c.input(0).data, offsetGrid([tuples, progression(slice, 1)]));
    },
  ),
  /** A copy of the data with slices replaced or, where reduction is "add", added to. */
  ScatterND: operator(scatterPlan, ({ reduction }, c) => {
    const out = c.input(0).data.slice();
    const updates = c.input(2).data;
    const tuples = tupleOffsets(c, 0);
    const slice = updates.length / Math.max(tuples.length, 1);
    offsetGrid([tuples, progression(slice, 1)]).forEach((at, i) => {
      out[at] = reduction === "add" ? out[at]! + updates[i]! : updates[i]!;
    });
    return out;
  }),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
