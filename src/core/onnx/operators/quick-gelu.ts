/**
 * @file CLIP's GELU as one operator of the studio's own, and its gradient, with σ the logistic function:
 *   QuickGelu           X              X ∘ σ(1.702 X)
 *   QuickGeluGradient   X, dY          dY ∘ (σ + 1.702 X ∘ σ ∘ (1 - σ))
 */
import { sameDims } from "../../tensor/shape.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, show } from "./operator.ts";

export const QUICK_GELU_SLOPE = 1.702;

const share = (x: number): number => 1 / (1 + Math.exp(-QUICK_GELU_SLOPE * x));

export const QUICK_GELU = {
  QuickGelu: operator(
    (s) => s.type(0),
    (_, context) => context.input(0).data.map((x) => x * share(x)),
  ),
  QuickGeluGradient: operator(
    (s) => {
      const [x, dY] = [s.type(0), s.type(1)];
      if (sameDims(x.dims, dY.dims)) return x;
      throw new Error(`its inputs of shape ${show(x.dims)} and ${show(dY.dims)} do not fit`);
    },
    (_, context) => {
      const dY = context.input(1).data;
      return context.input(0).data.map((x, i) => {
        const p = share(x);
        return dY[i]! * (p + QUICK_GELU_SLOPE * x * p * (1 - p));
      });
    },
  ),
} satisfies Record<string, OperatorDefinition>;
