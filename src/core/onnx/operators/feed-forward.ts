/**
 * @file Feed-forward blocks behind their first product, for sessions whose engine has a function for them:
 *   GatedDense            [..., 2D] = [h | g], [panels of W [D, N] | b], residual [..., N] or none
 *                         (h ∘ gelu(g)) W + b + residual [..., N]
 *   FeedForwardGradient   [..., 2D], [panels of W2ᵀ [C, D] | zeros | panels of W1ᵀ [2D, C] | zeros], dy [..., C]
 *                         the gradient of [h | g] for dy W2ᵀ, times W1ᵀ [..., C]
 * Panels are those of Dense.
 */
import { type NdArray, ndArray } from "../../tensor/nd-array.ts";
import type { EvaluateContext, OperatorDefinition } from "./definition.ts";
import { DENSE } from "./dense.ts";
import { GATED_GELU } from "./gated-gelu.ts";
import { operator, type Settings, show } from "./operator.ts";

function plan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const width = (dims.at(-1) ?? 0) / 2;
  return { dtype, rows: dims.slice(0, -1), width, packed: s.type(1).dims };
}

function planGated(s: Settings) {
  const { dtype, rows, width, packed } = plan(s);
  const out = [...rows, (packed[0] ?? 0) / (width + 1)];
  if (!Number.isInteger(width) || (s.has(2) && show(s.type(2).dims) !== show(out))) {
    throw new Error(`its inputs of shape ${show(s.type(0).dims)} and ${show(packed)} do not fit`);
  }
  return { dtype, dims: out };
}

function planGradient(s: Settings) {
  const { dtype, width, packed } = plan(s);
  const { dims } = s.type(2);
  const columns = dims.at(-1) ?? 0;
  const numbers = [(columns + 1) * width, (2 * width + 1) * columns] as const;
  if (show(packed) !== show([numbers[0] + numbers[1]])) {
    throw new Error(`its inputs of shape ${show(s.type(0).dims)} and ${show(packed)} do not fit`);
  }
  return { dtype, dims, first: numbers[0] };
}

/** Another operator's values, of inputs of its own. */
function evaluated(
  definition: OperatorDefinition,
  context: EvaluateContext,
  inputs: readonly NdArray[],
): NdArray {
  const [value] = definition.evaluate({
    ...context,
    inputCount: inputs.length,
    has: (i) => i < inputs.length,
    input: (i) => inputs[i]!,
  });
  return value!;
}

export const FEED_FORWARD = {
  GatedDense: operator(planGated, (_, context) => {
    const y = evaluated(GATED_GELU.GatedGelu, context, [context.input(0)]);
    const residual = context.has(2) ? [context.input(2)] : [];
    const sum = evaluated(DENSE.Dense, context, [y, context.input(1), ...residual]);
    return Float64Array.from(sum.data);
  }),
  FeedForwardGradient: operator(planGradient, ({ first }, context) => {
    const packed = context.input(1).data;
    const part = (from: number, to: number): NdArray =>
      ndArray("float64", [to - from], Float64Array.from(packed.subarray(from, to)));
    const [before, after] = [part(0, first), part(first, packed.length)];
    const dValues = evaluated(DENSE.Dense, context, [context.input(2), before]);
    const dHalves = evaluated(GATED_GELU.GatedGeluGradient, context, [context.input(0), dValues]);
    return Float64Array.from(evaluated(DENSE.Dense, context, [dHalves, after]).data);
  }),
} satisfies Record<string, OperatorDefinition>;
