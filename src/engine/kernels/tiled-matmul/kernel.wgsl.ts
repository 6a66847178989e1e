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
 *   fn left(row: u32, k: u32) -> f32
 *   fn right(k: u32, column: u32) -> f32
 *   fn put(split: u32, row: u32, column: u32, value: f32)
 */
export const TILED_MATMUL = /* wgsl */ `
const ROW_QUADS = TILE_ROWS / 4;
const COLUMN_QUADS = TILE_COLUMNS / 4;
const THREADS = ROW_QUADS * COLUMN_QUADS;
// One wider than needed: values that are neighbours in depth then lie in different banks of the memory.
const ROW_STRIDE = ROW_QUADS + 1;
const COLUMN_STRIDE = COLUMN_QUADS + 1;

var<workgroup> leftTile: array<vec4f, TILE_DEPTH * ROW_STRIDE>;
var<workgroup> rightTile: array<vec4f, TILE_DEPTH * COLUMN_STRIDE>;

fn leftOrZero(row: u32, k: u32) -> f32 {
  if (row < u.rows && k < u.depth) {
    return left(row, k);
  }
  return 0.0;
}

fn rightOrZero(k: u32, column: u32) -> f32 {
  if (k < u.depth && column < u.columns) {
    return right(k, column);
  }
  return 0.0;
}

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

// Depth and quad of the i-th of a slice's quads. Neighbouring invocations should read neighbouring memory.
fn place(i: u32, quads: u32, alongDepth: bool) -> vec2u {
  return select(vec2u(i / quads, i % quads), vec2u(i % TILE_DEPTH, i / TILE_DEPTH), alongDepth);
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
    for (var i = thread; i < TILE_DEPTH * ROW_QUADS; i += THREADS) {
      let at = place(i, ROW_QUADS, LEFT_ALONG_DEPTH);
      let k = start + at.x;
      let row = firstRow + 4 * at.y;
      leftTile[at.x * ROW_STRIDE + at.y] = vec4f(
        leftOrZero(row, k), leftOrZero(row + 1, k), leftOrZero(row + 2, k), leftOrZero(row + 3, k),
      );
    }
    for (var i = thread; i < TILE_DEPTH * COLUMN_QUADS; i += THREADS) {
      let at = place(i, COLUMN_QUADS, RIGHT_ALONG_DEPTH);
      let k = start + at.x;
      let column = firstColumn + 4 * at.y;
      rightTile[at.x * COLUMN_STRIDE + at.y] = vec4f(
        rightOrZero(k, column), rightOrZero(k, column + 1),
        rightOrZero(k, column + 2), rightOrZero(k, column + 3),
      );
    }
    workgroupBarrier();
    for (var k = 0u; k < TILE_DEPTH; k++) {
      let a = leftTile[k * ROW_STRIDE + rowQuad];
      let b = rightTile[k * COLUMN_STRIDE + columnQuad];
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
