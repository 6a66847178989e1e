/**
 * @file The gated GELU as one operator of the studio's own, and its gradient (diffusers, models/activations.py, GEGLU):
 *   GatedGelu           [..., 2D] = [h | g]                    h ∘ gelu(g) [..., D]
 *   GatedGeluGradient   [..., 2D], dY [..., D]                 [dY ∘ gelu(g) | dY ∘ h ∘ gelu'(g)]
 */
import type { OperatorDefinition } from "./definition.ts";
import { erf } from "./erf.ts";
import { operator, type Settings, show } from "./operator.ts";

function plan(s: Settings) {
  const { dtype, dims } = s.type(0);
  const width = (dims.at(-1) ?? 0) / 2;
  if (!Number.isInteger(width) || width === 0) {
    throw new Error(`its input of shape ${show(dims)} cannot be halved`);
  }
  return { dtype, dims, width };
}

const normal = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;
const density = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

export const GATED_GELU = {
  GatedGelu: operator(
    (s) => {
      const { dtype, dims, width } = plan(s);
      return { dtype, dims: [...dims.slice(0, -1), width], width };
    },
    ({ width }, context) => {
      const { data } = context.input(0);
      return Float64Array.from({ length: data.length / 2 }, (_, i) => {
        const at = Math.floor(i / width) * 2 * width + (i % width);
        const g = data[at + width]!;
        return data[at]! * g * normal(g);
      });
    },
  ),
  GatedGeluGradient: operator(
    (s) => {
      const whole = plan(s);
      const half = s.type(1).dims;
      if (show(half) !== show([...whole.dims.slice(0, -1), whole.width])) {
        throw new Error(`its inputs of shape ${show(whole.dims)} and ${show(half)} do not fit`);
      }
      return whole;
    },
    ({ width }, context) => {
      const [data, dY] = [context.input(0).data, context.input(1).data];
      const out = new Float64Array(data.length);
      dY.forEach((d, i) => {
        const at = Math.floor(i / width) * 2 * width + (i % width);
        const [h, g] = [data[at]!, data[at + width]!];
        out[at] = d * g * normal(g);
        out[at + width] = d * h * (normal(g) + g * density(g));
      });
      return out;
    },
  ),
} satisfies Record<string, OperatorDefinition>;
