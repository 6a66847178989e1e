/**
 * @file GroupNorm with scale and shift, and SiLU after it where asked for, as one operator of the studio's own:
 *   FusedGroupNorm           x [B, C, ...], γ [C], β [C]          y [B, C, ...]
 *   FusedGroupNormGradient   [2, B, C, ...] = dy, x; γ, β         [2, B, C, ...] = dx, nothing
 * Attributes groups, epsilon, silu (0 or 1). The gradient's second half has no meaning; here it is zeros.
 */
import { floatAttribute, intAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";

function plan(s: Settings, channelAxis: 1 | 2) {
  const { dtype, dims } = s.type(0);
  const channels = dims[channelAxis] ?? 0;
  const groups = intAttribute(s.node, "groups", 0);
  const perChannel = [1, 2].every((input) => show(s.type(input).dims) === show([channels]));
  if (
    groups < 1 ||
    channels % groups !== 0 ||
    !perChannel ||
    (channelAxis === 2 && dims[0] !== 2)
  ) {
    throw new Error(`its input of shape ${show(dims)} with ${groups} groups does not fit it`);
  }
  return {
    ...{ dtype, dims, groups, channels },
    epsilon: floatAttribute(s.node, "epsilon", 1e-5),
    silu: intAttribute(s.node, "silu", 0) !== 0,
  };
}

type Plan = ReturnType<typeof plan>;

/** Calls `each` with the first index, mean and inverse deviation of every group of every image. */
function eachGroup(
  { groups, channels, epsilon }: Plan,
  x: Float64Array,
  images: number,
  each: (group: {
    start: number;
    size: number;
    pixels: number;
    mean: number;
    inverse: number;
    channel: number;
  }) => void,
): void {
  const size = x.length / images / groups;
  for (let row = 0; row < images * groups; row++) {
    const values = x.subarray(row * size, (row + 1) * size);
    const mean = values.reduce((a, b) => a + b, 0) / size;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / size;
    each({
      start: row * size,
      size,
      pixels: (size * groups) / channels,
      mean,
      inverse: 1 / Math.sqrt(variance + epsilon),
      channel: (row % groups) * (channels / groups),
    });
  }
}

const sigmoid = (u: number): number => 1 / (1 + Math.exp(-u));

export const FUSED_GROUP_NORM = {
  FusedGroupNorm: operator(
    (s) => plan(s, 1),
    (planned, context) => {
      const [x, gamma, beta] = [0, 1, 2].map((i) => context.input(i).data) as Three;
      const y = new Float64Array(x.length);
      eachGroup(planned, x, planned.dims[0] ?? 1, (group) => {
        for (let i = 0; i < group.size; i++) {
          const c = group.channel + Math.floor(i / group.pixels);
          const hat = (x[group.start + i]! - group.mean) * group.inverse;
          const u = hat * gamma[c]! + beta[c]!;
          y[group.start + i] = planned.silu ? u * sigmoid(u) : u;
        }
      });
      return y;
    },
  ),
  FusedGroupNormGradient: operator(
    (s) => plan(s, 2),
    (planned, context) => {
      const [both, gamma, beta] = [0, 1, 2].map((i) => context.input(i).data) as Three;
      const [dy, x] = [both.subarray(0, both.length / 2), both.subarray(both.length / 2)];
      const out = new Float64Array(both.length);
      eachGroup(
        planned,
        x,
        planned.dims[1] ?? 1,
        ({ start, size, pixels, mean, inverse, channel }) => {
          const hats = Float64Array.from(
            { length: size },
            (_, i) => (x[start + i]! - mean) * inverse,
          );
          const dHats = hats.map((hat, i) => {
            const c = channel + Math.floor(i / pixels);
            const u = hat * gamma[c]! + beta[c]!;
            const s = sigmoid(u);
            return dy[start + i]! * (planned.silu ? s * (1 + u * (1 - s)) : 1) * gamma[c]!;
          });
          const first = dHats.reduce((a, b) => a + b, 0) / size;
          const second = dHats.reduce((a, b, i) => a + b * hats[i]!, 0) / size;
          dHats.forEach((d, i) => (out[start + i] = inverse * (d - first - hats[i]! * second)));
        },
      );
      return out;
    },
  ),
} satisfies Record<string, OperatorDefinition>;

type Three = [Float64Array, Float64Array, Float64Array];
