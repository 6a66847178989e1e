/**
 * @file The tiled matrix product that other kernels are made of.
 *
 *   out [M, N] = left [M, K] · right [K, N]
 *
 * A workgroup computes a tile of `out`, each of its invocations 4 x 4 elements. It goes through K in steps: a slice of
 * `left` and one of `right` are brought to workgroup memory, and read from there by all. Where K is split, workgroups
 * along z each sum a stretch of it.
 *
 * The kernel supplies, for indices that are inside:
 *   fn left(row: u32, k: u32) -> Element
 *   fn right(k: u32, column: u32) -> Element
 *   fn put(split: u32, row: u32, column: u32, value: Element)
 *
 * An Element is a float, or LANES = 4 neighbours in memory from the index on, which is a multiple of 4 then. Buffers are
 * arrays of elements, so that the number at `i` is in element `i / LANES`.
 */
import { sliceOf } from "./slices.wgsl.ts";
import type { Variant } from "./variant.ts";

/** Whether neighbours in memory are neighbours in K. */
export interface AlongDepth {
  readonly left: boolean;
  readonly right: boolean;
}

export function tiledMatmulSource({ lanes, half }: Variant, { left, right }: AlongDepth): string {
  return [
    `alias Element = ${lanes === 4 ? "vec4f" : "f32"};`,
    `alias Quad = ${half ? "vec4h" : "vec4f"};`,
    sliceOf({ tile: "leftTile", side: "ROW", at: "leftAt", alongDepth: left }, lanes),
    sliceOf({ tile: "rightTile", side: "COLUMN", at: "rightAt", alongDepth: right }, lanes),
    lanes === 4 ? PUT_AT_ONCE : PUT_ONE_BY_ONE,
    PRODUCT,
  ].join("\n");
}

const PUT_ONE_BY_ONE = /* wgsl */ `
fn putQuad(split: u32, row: u32, column: u32, values: vec4f) {
  if (row >= u.rows) {
    return;
  }
  if (column < u.columns) {
    put(split, row, column, values.x);
  }
  if (column + 1 < u.columns) {
    put(split, row, column + 1, values.y);
  }
  if (column + 2 < u.columns) {
    put(split, row, column + 2, values.z);
  }
  if (column + 3 < u.columns) {
    put(split, row, column + 3, values.w);
  }
}
`;

const PUT_AT_ONCE = /* wgsl */ `
fn putQuad(split: u32, row: u32, column: u32, values: vec4f) {
  if (row < u.rows && column < u.columns) {
    put(split, row, column, values);
  }
}
`;

const PRODUCT = /* wgsl */ `
const ROW_QUADS = TILE_ROWS / 4;
const COLUMN_QUADS = TILE_COLUMNS / 4;
const THREADS = ROW_QUADS * COLUMN_QUADS;
// One wider than needed: values that are neighbours in depth then lie in different banks of the memory.
const ROW_STRIDE = ROW_QUADS + 1;
const COLUMN_STRIDE = COLUMN_QUADS + 1;

var<workgroup> leftTile: array<Quad, TILE_DEPTH * ROW_STRIDE>;
var<workgroup> rightTile: array<Quad, TILE_DEPTH * COLUMN_STRIDE>;

fn leftAt(row: u32, k: u32) -> Element {
  if (row < u.rows && k < u.depth) {
    return left(row, k);
  }
  return Element(0);
}

fn rightAt(column: u32, k: u32) -> Element {
  if (k < u.depth && column < u.columns) {
    return right(k, column);
  }
  return Element(0);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tile = group + vec3u(u.firstColumnTile, u.firstRowTile, u.firstSplit);
  let firstRow = tile.y * TILE_ROWS;
  let firstColumn = tile.x * TILE_COLUMNS;
  let end = min(u.depth, (tile.z + 1) * u.splitDepth);
  let rowQuad = thread / COLUMN_QUADS;
  let columnQuad = thread % COLUMN_QUADS;
  // Four rows of four columns. An array indexed in a loop could end up in slow memory.
  var sum0 = vec4f(0);
  var sum1 = vec4f(0);
  var sum2 = vec4f(0);
  var sum3 = vec4f(0);
  for (var start = tile.z * u.splitDepth; start < end; start += TILE_DEPTH) {
    bring_leftTile(start, firstRow, thread);
    bring_rightTile(start, firstColumn, thread);
    workgroupBarrier();
    for (var k = 0u; k < TILE_DEPTH; k++) {
      let a = vec4f(leftTile[k * ROW_STRIDE + rowQuad]);
      let b = vec4f(rightTile[k * COLUMN_STRIDE + columnQuad]);
      sum0 += a.x * b;
      sum1 += a.y * b;
      sum2 += a.z * b;
      sum3 += a.w * b;
    }
    workgroupBarrier();
  }
  let row = firstRow + 4 * rowQuad;
  let column = firstColumn + 4 * columnQuad;
  putQuad(tile.z, row, column, sum0);
  putQuad(tile.z, row + 1, column, sum1);
  putQuad(tile.z, row + 2, column, sum2);
  putQuad(tile.z, row + 3, column, sum3);
}
`;
