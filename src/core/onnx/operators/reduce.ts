/** @file Reductions along axes, and the running sum. */
import { isFloat } from "../../tensor/dtype.ts";
import { normalAxis } from "../../tensor/shape.ts";
import { intAttribute, intsAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { foldGroups, groupsOf } from "./groups.ts";
import { operator, type Settings } from "./operator.ts";
import type { SupportedOp } from "./supported.ts";

/** Axes are an attribute before opset `inputSince`, an optional input since; none means all of them. */
function reducePlan(s: Settings, inputSince: number) {
  const { dtype, dims } = s.type(0);
  const given =
    s.opset < inputSince ? intsAttribute(s.node, "axes", []) : s.has(1) ? s.numbers(1) : [];
  const all = dims.map((_, axis) => axis);
  const keepEmpty = intAttribute(s.node, "noop_with_empty_axes", 0) !== 0;
  const axes =
    given.length === 0 && !keepEmpty ? all : given.map((axis) => normalAxis(axis, dims.length));
  const keep = intAttribute(s.node, "keepdims", 1) !== 0;
  return {
    dtype,
    dims: dims.flatMap((d, axis) => (!axes.includes(axis) ? [d] : keep ? [1] : [])),
    axes,
  };
}

function reduction(
  inputSince: number,
  first: number,
  fold: (sum: number, x: number) => number,
): OperatorDefinition {
  return operator(
    (s) => reducePlan(s, inputSince),
    ({ axes }, c) => foldGroups(c.input(0).data, groupsOf(c.input(0).dims, axes), first, fold),
  );
}

const sum = (total: number, x: number): number => total + x;

function argMaxPlan(s: Settings) {
  const { dims } = s.type(0);
  const axis = normalAxis(intAttribute(s.node, "axis", 0), dims.length);
  if (dims[axis] === 0)
    throw new Error(`it looks for the largest of no elements along axis ${axis}`);
  const keep = intAttribute(s.node, "keepdims", 1) !== 0;
  return {
    dtype: "int64" as const,
    dims: dims.flatMap((d, i) => (i !== axis ? [d] : keep ? [1] : [])),
    axis,
  };
}

export const REDUCE = {
  /** Index of the first of the largest elements, of the last where select_last_index says so. */
  ArgMax: operator(argMaxPlan, ({ axis }, c) => {
    const { data, dims } = c.input(0);
    const { starts, members } = groupsOf(dims, [axis]);
    const last = intAttribute(c.node, "select_last_index", 0) !== 0;
    return Float64Array.from(starts, (start) => {
      let best = 0;
      members.forEach((member, i) => {
        const x = data[start + member]!;
        const leader = data[start + members[best]!]!;
        if (x > leader || (last && x === leader)) best = i;
      });
      return best;
    });
  }),
  /** Y[i] = Σ X[j] for j ≤ i (j < i where exclusive), from the end where reverse. */
  CumSum: operator(
    (s) => s.type(0),
    ({ dims }, c) => {
      const { starts, members } = groupsOf(dims, [normalAxis(c.input(1).data[0]!, dims.length)]);
      const order = intAttribute(c.node, "reverse", 0) !== 0 ? members.slice().reverse() : members;
      const exclusive = intAttribute(c.node, "exclusive", 0) !== 0;
      const { data } = c.input(0);
      const out = new Float64Array(data.length);
      for (const start of starts) {
        let total = 0;
        for (const member of order) {
          const before = total;
          total += data[start + member]!;
          out[start + member] = exclusive ? before : total;
        }
      }
      return out;
    },
  ),
  ReduceMax: reduction(18, -Infinity, Math.max),
  ReduceMean: operator(
    (s) => reducePlan(s, 18),
    ({ dtype, axes }, c) => {
      const groups = groupsOf(c.input(0).dims, axes);
      return foldGroups(c.input(0).data, groups, 0, sum).map((total) => {
        const mean = total / groups.members.length;
        return isFloat(dtype) ? mean : Math.trunc(mean);
      });
    },
  ),
  ReduceProd: reduction(18, 1, (product, x) => product * x),
  ReduceSum: reduction(13, 0, sum),
} satisfies Partial<Record<SupportedOp, OperatorDefinition>>;
