/**
 * @file GroupNorm with scale and shift, and SiLU after it where asked for, as one operator of the studio's own:
 *   FusedGroupNorm           x [B, C, ...], γ [C], β [C]                   y [B, C, ...]
 *   FusedGroupNormGradient   dy [B, C, ...], x [B, C, ...], γ [C], β [C]   dx [B, C, ...], plus a fifth input where there is one
 * Attributes groups, epsilon, silu (0 or 1).
 */
import type { NdArray } from "../../tensor/nd-array.ts";
import { elementCount, sameDims } from "../../tensor/shape.ts";
import { floatAttribute, intAttribute } from "../attributes.ts";
import type { EvaluateContext, OperatorDefinition } from "./definition.ts";
import { groupsOf, standardise, standardiseGradient } from "./groups.ts";
import { operator, type Settings, show } from "./operator.ts";

/** @param x the input that is normalised; γ and β come after it */
function plan(s: Settings, x: 0 | 1) {
  const { dtype, dims } = s.type(x);
  const channels = dims[1] ?? 0;
  const groups = intAttribute(s.node, "groups", 0);
  const perChannel = [x + 1, x + 2].every((input) => sameDims(s.type(input).dims, [channels]));
  const whole = [0, ...(s.has(4) ? [4] : [])].every((input) => sameDims(s.type(input).dims, dims));
  if (groups < 1 || channels % groups !== 0 || !perChannel || !whole) {
    throw new Error(`its input of shape ${show(dims)} with ${groups} groups does not fit it`);
  }
  return {
    ...{ dtype, dims, x, groups, channels },
    epsilon: floatAttribute(s.node, "epsilon", 1e-5),
    silu: intAttribute(s.node, "silu", 0) !== 0,
  };
}

/** x̂ in its groups; γ and u = γ x̂ + β of each element. */
function normalised(planned: ReturnType<typeof plan>, context: EvaluateContext) {
  const { dims, x, groups, channels, epsilon } = planned;
  const [{ data }, gamma, beta] = [x, x + 1, x + 2].map((i) => context.input(i)) as Three;
  const rows = (dims[0] ?? 1) * groups;
  const of = groupsOf([rows, data.length / rows], [1]);
  const standard = standardise(data, of, epsilon);
  const pixels = elementCount(dims.slice(2));
  const channel = (i: number): number => Math.floor(i / pixels) % channels;
  const scale = standard.values.map((_, i) => gamma.data[channel(i)]!);
  const u = standard.values.map((hat, i) => hat * scale[i]! + beta.data[channel(i)]!);
  return { of, standard, scale, u };
}

const sigmoid = (u: number): number => 1 / (1 + Math.exp(-u));

export const FUSED_GROUP_NORM = {
  FusedGroupNorm: operator(
    (s) => plan(s, 0),
    (planned, context) => {
      const { u } = normalised(planned, context);
      return planned.silu ? u.map((one) => one * sigmoid(one)) : u;
    },
  ),
  FusedGroupNormGradient: operator(
    (s) => plan(s, 1),
    (planned, context) => {
      const { of, standard, scale, u } = normalised(planned, context);
      const slope = u.map((one) => {
        const s = sigmoid(one);
        return planned.silu ? s * (1 + one * (1 - s)) : 1;
      });
      const dHat = context.input(0).data.map((dy, i) => dy * slope[i]! * scale[i]!);
      const dx = standardiseGradient(dHat, of, standard);
      return context.has(4) ? dx.map((d, i) => d + context.input(4).data[i]!) : dx;
    },
  ),
} satisfies Record<string, OperatorDefinition>;

type Three = [NdArray, NdArray, NdArray];
