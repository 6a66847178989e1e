/** @file Kernels that are matrix products: how one is defined on the tiled loop, and cut into launches. */
import { StudioError } from "../../../core/errors.ts";
import {
  type Binding,
  defineKernel,
  type Dispatch,
  dispatch,
  type Kernel,
  type Tolerance,
} from "../define-kernel.ts";
import { blocksOf, type Bounds } from "../grid.ts";
import { type AlongDepth, tiledMatmulSource } from "./kernel.wgsl.ts";
import { type Variant, variantName } from "./variant.ts";

export interface MatmulSpec<B extends string, U extends string> {
  readonly label: string;
  /** WGSL of `left`, `right` and `put`. */
  readonly source: string;
  readonly bindings: Readonly<Record<B, Binding>>;
  /** Further uniforms. */
  readonly uniforms: Readonly<Record<U, "u32">>;
  readonly alongDepth: AlongDepth;
}

/** M, K and N; and how much of K one sum takes, a multiple of every tile's depth (all of it unless given). */
export interface MatmulShape {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
  readonly splitDepth?: number;
}

const UNIFORMS = {
  rows: "u32",
  depth: "u32",
  columns: "u32",
  splitDepth: "u32",
  firstRowTile: "u32",
  firstColumnTile: "u32",
  firstSplit: "u32",
} as const;
type MatmulUniform = keyof typeof UNIFORMS;

const TOLERANCE: Tolerance = {
  rtol: 2 ** -23,
  atol: 2 ** -22,
  why:
    "K float32 additions in a row, each off by at most 2^-24 of the sum so far, at random. With operands of " +
    "variance 1 the k-th sum is about √k, which makes 0.4 K · 2^-24 in all; sums that wander off to three times " +
    "that size, and errors of three deviations, occur among 1e5 elements.",
};

const HALF_TOLERANCE: Tolerance = {
  rtol: 2 ** -9,
  atol: 2 ** -9,
  why:
    "WGSL leaves open whether float16 is rounded to nearest or cut off: an operand is off by at most 2^-10 of " +
    "itself, a product by 2^-9, and the products of an element have a mean size below 1. Operands that are float16 " +
    "already are held to float32's tolerance.",
};

/**
 * Gradients of keys and values are multiplied by this on their way to float16, and sums divided by it: on the default
 * model half of them are below 1e-7, where float16 has no digits left, and the largest are 1e-3. From 16 on they overflow.
 */
const HALF_GRADIENT_SCALE = 2 ** 12;

export interface Matmul<B extends string, U extends string> {
  readonly kernel: Kernel<B, U | MatmulUniform>;
  readonly variant: Variant;
  readonly alongDepth: AlongDepth;
}

/** The WGSL sees `GRADIENT_SCALE`, 1 where operands stay float32. */
export function defineMatmul<B extends string, U extends string>(
  { label, source, bindings, uniforms, alongDepth }: MatmulSpec<B, U>,
  variant: Variant,
): Matmul<B, U> {
  const kernel = defineKernel<B, U | MatmulUniform>({
    label,
    source: `${source}\n${tiledMatmulSource(variant, alongDepth)}`,
    bindings,
    uniforms: { ...UNIFORMS, ...uniforms },
    constants: {
      TILE_ROWS: variant.rows,
      TILE_COLUMNS: variant.columns,
      TILE_DEPTH: variant.depth,
      LANES: variant.lanes,
      GRADIENT_SCALE: variant.half ? HALF_GRADIENT_SCALE : 1,
    },
    features: variant.half ? ["shader-f16"] : [],
    tolerance: variant.half ? HALF_TOLERANCE : TOLERANCE,
  });
  return { kernel, variant, alongDepth };
}

/** A product in every variant, made when it is first asked for. */
export function tiledMatmul<B extends string, U extends string>(
  spec: MatmulSpec<B, U>,
): (variant: Variant) => Matmul<B, U> {
  const known = new Map<string, Matmul<B, U>>();
  return (variant) => {
    const name = variantName(variant);
    const matmul = known.get(name) ?? defineMatmul(spec, variant);
    known.set(name, matmul);
    return matmul;
  };
}

/**
 * The launches of one product, no one of them long enough to be taken for a hang.
 * @throws StudioError "internal" where a variant reads four numbers at once and a row of a matrix is no multiple of 4
 */
export function matmulDispatches<B extends string, U extends string>(
  { kernel, variant, alongDepth }: Matmul<B, U>,
  buffers: Readonly<Record<B, GPUBuffer>>,
  {
    rows,
    depth,
    columns,
    splitDepth = Math.ceil(depth / variant.depth) * variant.depth,
  }: MatmulShape,
  uniforms: Readonly<Record<U, number>>,
  bounds?: Bounds,
): readonly Dispatch[] {
  const inMemory = [alongDepth.left ? depth : rows, alongDepth.right ? depth : columns, columns];
  if (inMemory.some((length) => length % variant.lanes !== 0)) {
    throw new StudioError(
      "internal",
      `"${kernel.label}" of ${rows} x ${depth} x ${columns} cannot be read four numbers at a time.`,
    );
  }
  const tiles = [
    Math.ceil(columns / variant.columns),
    Math.ceil(rows / variant.rows),
    Math.ceil(depth / splitDepth),
  ] as const;
  const multiplyAdds = variant.rows * variant.columns * Math.min(depth, splitDepth);
  return blocksOf(tiles, multiplyAdds, bounds).map(({ origin, size }) => {
    const [firstColumnTile, firstRowTile, firstSplit] = origin;
    const shape = { rows, depth, columns, splitDepth, firstRowTile, firstColumnTile, firstSplit };
    return dispatch(kernel, buffers, { ...shape, ...uniforms }, size);
  });
}
