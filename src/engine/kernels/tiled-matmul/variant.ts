/** @file The ways to compute one matrix product: which of them is fastest depends on the GPU. */

/** What one workgroup computes: rows x columns, in steps of `depth`. Multiples of 4, rows · columns <= 4096. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

export interface Variant extends Tile {
  /** Numbers that are read and written at once: 4 only where every row of the matrices in memory is a multiple of 4. */
  readonly lanes: 1 | 4;
  /** Operands are rounded to float16 in workgroup memory; sums are float32 all the same. */
  readonly half: boolean;
}

/** 256 invocations and 8.5 KiB of workgroup memory, which every device has; for matrices of any size. */
export const USUAL: Variant = { rows: 64, columns: 64, depth: 16, lanes: 1, half: false };

/**
 * Tiles that may be faster on one GPU or another: fewer rows where there are few, smaller workgroups for more of them at
 * once, wider tiles for longer reads.
 */
export const TILES: readonly Tile[] = [
  { rows: 64, columns: 64, depth: 16 },
  { rows: 32, columns: 64, depth: 16 },
  { rows: 32, columns: 32, depth: 16 },
  { rows: 32, columns: 128, depth: 8 },
  { rows: 64, columns: 64, depth: 8 },
];

/** As people read it; two variants of one name are the same. */
export function variantName({ rows, columns, depth, lanes, half }: Variant): string {
  return `${rows} x ${columns} x ${depth}${lanes === 4 ? ", vec4" : ""}${half ? ", f16" : ""}`;
}
