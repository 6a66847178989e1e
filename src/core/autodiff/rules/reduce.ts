/** @file Gradients of reductions; they keep the reduced axes at one element and leave the spreading to the walk. */
import { int, intAttribute, intsAttribute } from "../../onnx/attributes.ts";
import { elementCount, normalAxis } from "../../tensor/shape.ts";
import type { RuleContext, VjpRule } from "../rule.ts";

/** Axes that the node reduces: attribute or input; none given means all, unless the node says it means none. */
function reducedAxes({ node, make, input, numbers }: RuleContext): number[] {
  const rank = make.dims(input(0)).length;
  const given = intsAttribute(node, "axes", undefined) ?? numbers(1) ?? [];
  if (given.length > 0) return given.map((axis) => normalAxis(axis, rank));
  if (intAttribute(node, "noop_with_empty_axes", 0) !== 0) return [];
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** A value of the output's shape with the reduced axes put back, one element each. */
function kept({ make, input }: RuleContext, value: string, axes: readonly number[]): string {
  const dims = make.dims(input(0)).map((d, axis) => (axes.includes(axis) ? 1 : d));
  return make.reshape(value, dims);
}

/** ReduceSum   Y = Σ X over the axes:   dX = dY, the same for every element summed */
export const reduceSum: VjpRule = (context) => [kept(context, context.dY, reducedAxes(context))];

/** ReduceMean   Y = Σ X / n over the axes:   dX = dY / n */
export const reduceMean: VjpRule = (context) => {
  const { make, dY, input } = context;
  const axes = reducedAxes(context);
  const count = elementCount(axes.map((axis) => make.dims(input(0))[axis]!));
  return [make.mul(kept(context, dY, axes), 1 / count)];
};

/** ReduceMax   Y = max X over the axes:   dX = dY ∘ [X = Y] / n, n how many equal Y: equal elements share */
export const reduceMax: VjpRule = (context) => {
  const { make, emit, dY, input, output, type } = context;
  const axes = reducedAxes(context);
  const largest = kept(context, output(0), axes);
  const chosen = make.cast(emit.op("Equal", [input(0), largest]), type(dY).dtype);
  const share = make.div(kept(context, dY, axes), make.reduce("ReduceSum", chosen, axes, true));
  return [make.mul(chosen, share)];
};

/**
 * CumSum   Y_i = Σ_{j ≤ i} X_j along the axis; `reverse` sums from the end, `exclusive` leaves X_i out
 *   dX_j = Σ_{i ≥ j} dY_i: the same sum from the other end
 */
export const cumSum: VjpRule = ({ node, emit, dY, input }) => [
  emit.op("CumSum", [dY, input(1)], {
    exclusive: int(intAttribute(node, "exclusive", 0)),
    reverse: int(1 - intAttribute(node, "reverse", 0)),
  }),
];
