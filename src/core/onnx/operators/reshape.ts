/** @file Operators that keep every element where it is and change the shape: Reshape and its special cases. */
import { type Dims, elementCount, normalAxis } from "../../tensor/shape.ts";
import { intAttribute, intsAttribute } from "../attributes.ts";
import type { TensorType } from "../graph.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

const reshaping = (plan: (s: Settings) => TensorType): OperatorDefinition =>
  operator(plan, (_, c) => c.input(0).data);

/** Shape asked for, with 0 meaning "as in the input" (unless allowzero) and one -1 "whatever is left". */
function resolveShape(from: Dims, asked: readonly number[], allowZero: boolean): Dims {
  const refusal = `its input of shape ${show(from)} does not fit the shape ${show(asked)}`;
  const copied = asked.map((d, i) => {
    if (d !== 0 || allowZero) return d;
    const own = from[i];
    if (own === undefined) throw new Error(refusal);
    return own;
  });
  const hole = copied.indexOf(-1);
  const rest = elementCount(copied.filter((_, i) => i !== hole));
  const dims = hole < 0 ? copied : copied.with(hole, elementCount(from) / rest);
  if (!dims.every((d) => Number.isSafeInteger(d) && d >= 0)) throw new Error(refusal);
  if (elementCount(dims) !== elementCount(from)) throw new Error(refusal);
  return dims;
}

/** Axes of Squeeze and Unsqueeze: an attribute before opset 13, an input since; undefined where not given. */
function givenAxes(s: Settings): readonly number[] | undefined {
  if (s.opset < 13) return intsAttribute(s.node, "axes", undefined);
  return s.has(1) ? s.numbers(1) : undefined;
}

function squeezedDims(s: Settings): Dims {
  const { dims } = s.type(0);
  const axes = givenAxes(s)?.map((axis) => normalAxis(axis, dims.length));
  for (const axis of axes ?? []) {
    if (dims[axis] !== 1) {
      throw new Error(
        `its input of shape ${show(dims)} has axis ${axis} of size ${dims[axis]}, not 1`,
      );
    }
  }
  return dims.filter((d, axis) => (axes === undefined ? d !== 1 : !axes.includes(axis)));
}

function unsqueezedDims(s: Settings): Dims {
  const { dims } = s.type(0);
  const given = givenAxes(s);
  if (given === undefined) throw new Error("it has no axes");
  const rank = dims.length + given.length;
  const axes = new Set(given.map((axis) => normalAxis(axis, rank)));
  if (axes.size !== given.length) throw new Error(`its axes ${show(given)} name an axis twice`);
  let next = 0;
  return Array.from({ length: rank }, (_, axis) => (axes.has(axis) ? 1 : dims[next++]!));
}

function flattenedDims(s: Settings): Dims {
  const { dims } = s.type(0);
  const given = intAttribute(s.node, "axis", 1);
  const axis = given < 0 ? given + dims.length : given;
  if (axis < 0 || axis > dims.length) {
    throw new Error(`its axis ${given} is outside a tensor of rank ${dims.length}`);
  }
  return [elementCount(dims.slice(0, axis)), elementCount(dims.slice(axis))];
}

export const RESHAPE = {
  Flatten: reshaping((s) => ({ dtype: s.type(0).dtype, dims: flattenedDims(s) })),
  Reshape: reshaping((s) => {
    const { dtype, dims } = s.type(0);
    const allowZero = intAttribute(s.node, "allowzero", 0) !== 0;
    return { dtype, dims: resolveShape(dims, s.numbers(1), allowZero) };
  }),
  Squeeze: reshaping((s) => ({ dtype: s.type(0).dtype, dims: squeezedDims(s) })),
  Unsqueeze: reshaping((s) => ({ dtype: s.type(0).dtype, dims: unsqueezedDims(s) })),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
