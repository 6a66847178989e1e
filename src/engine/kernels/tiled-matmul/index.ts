/** @file Kernels that are matrix products: how one is defined on the tiled loop, and cut into launches. */
import {
  type Binding,
  defineKernel,
  type Dispatch,
  dispatch,
  type Kernel,
} from "../define-kernel.ts";
import { blocksOf, type Bounds } from "../grid.ts";
import { TILED_MATMUL } from "./kernel.wgsl.ts";

/** What one workgroup computes: rows x columns, in steps of `depth`. Multiples of 4, rows · columns <= 4096. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** 256 invocations and 8.5 KiB of workgroup memory, which every device has. */
export const TILE: Tile = { rows: 64, columns: 64, depth: 16 };

/**
 * Variants that may be faster on one GPU or another: fewer rows where there are few, smaller workgroups for more of them at
 * once, wider tiles for longer reads. All give the same to the last bit: every sum goes through K in order.
 */
export const TILES: readonly Tile[] = [
  TILE,
  { rows: 32, columns: 64, depth: 16 },
  { rows: 32, columns: 32, depth: 16 },
  { rows: 32, columns: 128, depth: 8 },
  { rows: 64, columns: 64, depth: 8 },
];

export interface MatmulSpec<B extends string, U extends string> {
  readonly label: string;
  /** WGSL of `left`, `right` and `put`. */
  readonly source: string;
  readonly bindings: Readonly<Record<B, Binding>>;
  /** Further uniforms. */
  readonly uniforms: Readonly<Record<U, "u32">>;
  /** Whether neighbours in memory are neighbours in K. */
  readonly alongDepth: { readonly left: boolean; readonly right: boolean };
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

export interface Matmul<B extends string, U extends string> {
  readonly kernel: Kernel<B, U | MatmulUniform>;
  readonly tile: Tile;
}

export function defineMatmul<B extends string, U extends string>(
  { label, source, bindings, uniforms, alongDepth }: MatmulSpec<B, U>,
  tile: Tile,
): Matmul<B, U> {
  const kernel = defineKernel<B, U | MatmulUniform>({
    label,
    source: `${source}\n${TILED_MATMUL}`,
    bindings,
    uniforms: { ...UNIFORMS, ...uniforms },
    constants: {
      TILE_ROWS: tile.rows,
      TILE_COLUMNS: tile.columns,
      TILE_DEPTH: tile.depth,
      LEFT_ALONG_DEPTH: alongDepth.left,
      RIGHT_ALONG_DEPTH: alongDepth.right,
    },
    tolerance: {
      rtol: 2 ** -23,
      atol: 2 ** -22,
      why:
        "K float32 additions in a row, each off by at most 2^-24 of the sum so far, at random. With operands of " +
        "variance 1 the k-th sum is about √k, which makes 0.4 K · 2^-24 in all; sums that wander off to three times " +
        "that size, and errors of three deviations, occur among 1e5 elements.",
    },
  });
  return { kernel, tile };
}

/** A product in every variant, made when it is first asked for. */
export function tiledMatmul<B extends string, U extends string>(
  spec: MatmulSpec<B, U>,
): (tile: Tile) => Matmul<B, U> {
  const known = new Map<Tile, Matmul<B, U>>();
  return (tile) => {
    const matmul = known.get(tile) ?? defineMatmul(spec, tile);
    known.set(tile, matmul);
    return matmul;
  };
}

/** The launches of one product, no one of them long enough to be taken for a hang. */
export function matmulDispatches<B extends string, U extends string>(
  { kernel, tile }: Matmul<B, U>,
  buffers: Readonly<Record<B, GPUBuffer>>,
  { rows, depth, columns, splitDepth = Math.ceil(depth / tile.depth) * tile.depth }: MatmulShape,
  uniforms: Readonly<Record<U, number>>,
  bounds?: Bounds,
): readonly Dispatch[] {
  const tiles = [
    Math.ceil(columns / tile.columns),
    Math.ceil(rows / tile.rows),
    Math.ceil(depth / splitDepth),
  ] as const;
  const multiplyAdds = tile.rows * tile.columns * Math.min(depth, splitDepth);
  return blocksOf(tiles, multiplyAdds, bounds).map(({ origin, size }) => {
    const [firstColumnTile, firstRowTile, firstSplit] = origin;
    const shape = { rows, depth, columns, splitDepth, firstRowTile, firstColumnTile, firstSplit };
    return dispatch(kernel, buffers, { ...shape, ...uniforms }, size);
  });
}
