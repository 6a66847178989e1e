/** @file How a slice of an operand comes to workgroup memory: a number at a time, or four where the matrices allow it. */

/** What an operand's parts are called in WGSL; `alongDepth` where neighbours in memory are neighbours in K. */
export interface Operand {
  readonly tile: "leftTile" | "rightTile";
  readonly side: "ROW" | "COLUMN";
  /** Elements (or quads of them) at a row of `left`, or a column of `right`, and a depth; zero outside. */
  readonly at: "leftAt" | "rightAt";
  readonly alongDepth: boolean;
}

/** A function `bring<tile>(start, first, thread)`: quads of a slice that begins at depth `start` and row `first`. */
export function sliceOf(operand: Operand, lanes: 1 | 4): string {
  const { tile, alongDepth } = operand;
  const body = lanes === 1 ? oneByOne(operand) : alongDepth ? turned(operand) : asTheyLie(operand);
  return `fn bring_${tile}(start: u32, first: u32, thread: u32) {${body}}`;
}

function oneByOne({ tile, side, at, alongDepth }: Operand): string {
  return /* wgsl */ `
  for (var i = thread; i < TILE_DEPTH * ${side}_QUADS; i += THREADS) {
    ${place(side, alongDepth)}
    let row = first + 4 * quad;
    ${tile}[depth * ${side}_STRIDE + quad] = Quad(vec4f(
      ${at}(row, start + depth), ${at}(row + 1, start + depth),
      ${at}(row + 2, start + depth), ${at}(row + 3, start + depth),
    ));
  }
`;
}

function asTheyLie({ tile, side, at }: Operand): string {
  return /* wgsl */ `
  for (var i = thread; i < TILE_DEPTH * ${side}_QUADS; i += THREADS) {
    ${place(side, false)}
    ${tile}[depth * ${side}_STRIDE + quad] = Quad(${at}(first + 4 * quad, start + depth));
  }
`;
}

/** Blocks of 4 x 4: four rows are read, of four depths each, and four depths written, of four rows each. */
function turned({ tile, side, at }: Operand): string {
  return /* wgsl */ `
  for (var i = thread; i < TILE_DEPTH / 4 * ${side}_QUADS; i += THREADS) {
    let depth = 4 * (i % (TILE_DEPTH / 4));
    let quad = i / (TILE_DEPTH / 4);
    let row = first + 4 * quad;
    let k = start + depth;
    let block = transpose(mat4x4f(${at}(row, k), ${at}(row + 1, k), ${at}(row + 2, k), ${at}(row + 3, k)));
    let to = depth * ${side}_STRIDE + quad;
    ${tile}[to] = Quad(block[0]);
    ${tile}[to + ${side}_STRIDE] = Quad(block[1]);
    ${tile}[to + 2 * ${side}_STRIDE] = Quad(block[2]);
    ${tile}[to + 3 * ${side}_STRIDE] = Quad(block[3]);
  }
`;
}

/** Depth and quad of the i-th of a slice's quads. Neighbouring invocations should read neighbouring memory. */
function place(side: Operand["side"], alongDepth: boolean): string {
  return alongDepth
    ? "let depth = i % TILE_DEPTH; let quad = i / TILE_DEPTH;"
    : `let depth = i / ${side}_QUADS; let quad = i % ${side}_QUADS;`;
}
