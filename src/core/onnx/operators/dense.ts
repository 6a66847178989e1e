/**
 * @file A product with constant weights, its bias and what is added to it, as one operator of the studio's own:
 *   Dense   x [..., K], [panels of W [N / 8, K, 8] | b [N]], residual [..., N] or none      x W + b + residual [..., N]
 */
import { PANEL_COLUMNS } from "../constant.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";

function plan(s: Settings) {
  const { dtype, dims: from } = s.type(0);
  const packed = s.type(1).dims;
  const depth = from.at(-1) ?? 0;
  const columns = (packed[0] ?? 0) / (depth + 1);
  const dims = [...from.slice(0, -1), columns];
  const residual = s.has(2) ? s.type(2).dims : dims;
  if (packed.length !== 1 || columns % PANEL_COLUMNS !== 0 || show(residual) !== show(dims)) {
    throw new Error(
      `its inputs of shape ${show(from)}, ${show(packed)} and ${show(residual)} do not fit`,
    );
  }
  return { dtype, dims, depth, columns };
}

export const DENSE = {
  Dense: operator(plan, ({ depth, columns }, context) => {
    const [x, packed] = [context.input(0).data, context.input(1).data];
    const residual = context.has(2) ? context.input(2).data : undefined;
    const weight = (k: number, n: number): number => {
      const within = n % PANEL_COLUMNS;
      return packed[(n - within) * depth + k * PANEL_COLUMNS + within]!;
    };
    return Float64Array.from({ length: (x.length / depth) * columns }, (_, i) => {
      const [row, n] = [Math.floor(i / columns), i % columns];
      let y = packed[depth * columns + n]! + (residual?.[i] ?? 0);
      for (let k = 0; k < depth; k++) y += x[row * depth + k]! * weight(k, n);
      return y;
    });
  }),
} satisfies Record<string, OperatorDefinition>;
