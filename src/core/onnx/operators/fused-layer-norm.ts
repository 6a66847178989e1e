/**
 * @file LayerNorm over the last axis, with scale and shift, as one operator of the studio's own:
 *   FusedLayerNorm           x [..., W], γ [W], β [W]            y [..., W]
 *   FusedLayerNormGradient   dy [..., W], x [..., W], γ [W]      dx [..., W], plus a fourth input where there is one
 * Attribute epsilon.
 */
import { type Dims, sameDims } from "../../tensor/shape.ts";
import { floatAttribute } from "../attributes.ts";
import type { EvaluateContext, OperatorDefinition } from "./definition.ts";
import { groupsOf, standardise, standardiseGradient } from "./groups.ts";
import { operator, type Settings, show } from "./operator.ts";

/** @param inputs those that are as large as the first, and those with one number a column */
function plan(s: Settings, inputs: Record<"whole" | "perColumn", readonly number[]>) {
  const { dtype, dims } = s.type(0);
  const width = dims.at(-1) ?? 0;
  const have = (some: readonly number[], wanted: Dims): boolean =>
    some.every((input) => sameDims(s.type(input).dims, wanted));
  if (width === 0 || !have(inputs.whole, dims) || !have(inputs.perColumn, [width])) {
    throw new Error(`its inputs do not fit that of shape ${show(dims)}`);
  }
  return { dtype, dims, width, epsilon: floatAttribute(s.node, "epsilon", 1e-5) };
}

function normalised(
  { dims, epsilon }: ReturnType<typeof plan>,
  x: number,
  context: EvaluateContext,
) {
  const of = groupsOf(dims, [dims.length - 1]);
  return { of, standard: standardise(context.input(x).data, of, epsilon) };
}

export const FUSED_LAYER_NORM = {
  FusedLayerNorm: operator(
    (s) => plan(s, { whole: [], perColumn: [1, 2] }),
    (planned, context) => {
      const { standard } = normalised(planned, 0, context);
      const [gamma, beta] = [context.input(1).data, context.input(2).data];
      return standard.values.map((hat, i) => {
        const column = i % planned.width;
        return hat * gamma[column]! + beta[column]!;
      });
    },
  ),
  FusedLayerNormGradient: operator(
    (s) => plan(s, { whole: s.has(3) ? [1, 3] : [1], perColumn: [2] }),
    (planned, context) => {
      const { of, standard } = normalised(planned, 1, context);
      const [dy, gamma] = [context.input(0).data, context.input(2).data];
      const dHat = dy.map((d, i) => d * gamma[i % planned.width]!);
      const dx = standardiseGradient(dHat, of, standard);
      return context.has(3) ? dx.map((d, i) => d + context.input(3).data[i]!) : dx;
    },
  ),
} satisfies Record<string, OperatorDefinition>;
