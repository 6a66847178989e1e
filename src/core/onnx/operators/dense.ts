/**
 * @file A product with constant weights, its bias and what is added to it, as one operator of the studio's own:
 *   Dense           x [..., K], [panels of W [N / 16, K, 16] | b [N]], residual [..., N] or none   x W + b + residual [..., N]
 *   StrassenDense   x, [what core/linalg/strassen.ts makes of W | b], residual or none             the same
 */
import { STRASSEN_PANEL, STRASSEN_PRODUCTS, strassenElement } from "../../linalg/strassen.ts";
import { PANEL_COLUMNS } from "../constant.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";

/** Columns of whole panels; how many numbers of the second input are what has become of W; an element of W. */
interface Packing {
  readonly panel: number;
  readonly share: number;
  readonly element: (packed: ArrayLike<number>, depth: number, k: number, n: number) => number;
}

const PANELS: Packing = {
  panel: PANEL_COLUMNS,
  share: 1,
  element: (packed, depth, k, n) => {
    const within = n % PANEL_COLUMNS;
    return packed[(n - within) * depth + k * PANEL_COLUMNS + within]!;
  },
};

const STRASSEN: Packing = {
  panel: 2 * STRASSEN_PANEL,
  share: STRASSEN_PRODUCTS / 4,
  element: strassenElement,
};

function plan(s: Settings, { panel, share }: Packing) {
  const { dtype, dims: from } = s.type(0);
  const packed = s.type(1).dims;
  const depth = from.at(-1) ?? 0;
  const columns = (packed[0] ?? 0) / (share * depth + 1);
  const dims = [...from.slice(0, -1), columns];
  const residual = s.has(2) ? s.type(2).dims : dims;
  if (packed.length !== 1 || columns % panel !== 0 || show(residual) !== show(dims)) {
    throw new Error(
      `its inputs of shape ${show(from)}, ${show(packed)} and ${show(residual)} do not fit`,
    );
  }
  return { dtype, dims, depth, columns, weights: share * depth * columns };
}

const dense = (packing: Packing): OperatorDefinition =>
  operator(
    (s) => plan(s, packing),
    ({ depth, columns, weights }, context) => {
      const [x, packed] = [context.input(0).data, context.input(1).data];
      const residual = context.has(2) ? context.input(2).data : undefined;
      return Float64Array.from({ length: (x.length / depth) * columns }, (_, i) => {
        const [row, n] = [Math.floor(i / columns), i % columns];
        let y = packed[weights + n]! + (residual?.[i] ?? 0);
        for (let k = 0; k < depth; k++) {
          y += x[row * depth + k]! * packing.element(packed, depth, k, n);
        }
        return y;
      });
    },
  );

export const DENSE = {
  Dense: dense(PANELS),
  StrassenDense: dense(STRASSEN),
} satisfies Record<string, OperatorDefinition>;
