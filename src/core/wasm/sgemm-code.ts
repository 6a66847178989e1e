/**
 * @file A tile of a matrix product in WebAssembly: 2 rows x 16 columns, or 4 x 8 where C has no more than 8 columns (a
 * head's values).
 */
import {
  branchIf,
  type Code,
  f32x4Add,
  f32x4Multiply,
  f32x4Splat,
  get,
  giveBack,
  i32,
  i32Add,
  i32And,
  i32GreaterUnsigned,
  i32LessUnsigned,
  i32ShiftLeft,
  i32Subtract,
  lastTwo,
  loadFloat,
  loadTwoFloats,
  loadVector,
  loop,
  set,
  storeFloat,
  storeTwoFloats,
  storeVector,
  tee,
  when,
  zeros,
} from "./instructions.ts";
import { addProducts } from "./panel-products.ts";

/** Parameters of MLAS's function: three addresses, three sizes, elements from row to row of A and of C, a factor. */
const [A, B, C, K, M, N, LDA, LDC, ALPHA] = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

/** Locals that the code needs beside the parameters. */
export const INTEGERS = 6;
export const VECTORS = 14;
const SUMS = 8;
/** A panel's 16 floats of one k; where columns end within a panel, it is filled up with zeros. */
const PANEL_BYTES = 64;

interface Tile {
  /** Addresses in A, one a row. */
  readonly rows: readonly number[];
  /** Sums of each row, a vector of four columns each. */
  readonly sums: readonly (readonly number[])[];
}

/**
 * Code that returns with the number of rows done where it has taken them, and goes on where it has not: single rows, and
 * products over no elements.
 * @param first index of the first of our locals: integers, then vectors
 * @param overwrites whether C is overwritten, or added to
 */
export function fastPath(first: number, overwrites: boolean, relaxed: boolean): Code {
  const pointers = numbersFrom(first, 4);
  const k = first + 4;
  const out = first + 5;
  const vectors = first + INTEGERS;
  const panel = numbersFrom(vectors + SUMS, 4);
  const element = vectors + SUMS + 4;
  const alpha = element + 1;

  const tile = (rows: number, width: number): Tile => ({
    rows: pointers.slice(0, rows),
    sums: Array.from({ length: rows }, (_, row) => numbersFrom(vectors + row * width, width)),
  });

  /** sums = rows of A times the panel that B is at (MlasSgemmCopyPackB); B moves to the next. */
  function products({ rows, sums }: Tile): Code {
    return [
      ...sums.flat().flatMap((sum) => [...zeros, ...set(sum)]),
      ...rows.flatMap((row, i) =>
        i === 0
          ? [...get(A), ...set(row)]
          : [...get(rows[i - 1]!), ...bytesOf(LDA), ...i32Add, ...set(row)],
      ),
      ...addProducts(
        { rows, sums, panel, panelBytes: PANEL_BYTES, element, panels: [B], k },
        get(K),
        relaxed,
      ),
    ];
  }

  /** Writes where `out` is, after multiplying by alpha; all columns of the tile, or N of them. */
  function storeRow(sums: readonly number[], whole: boolean): Code {
    const scaled = (sum: number): Code => [...get(alpha), ...get(sum), ...f32x4Multiply];
    const put = (sum: number, load: Code, store: Code): Code => [
      ...get(out),
      ...(overwrites ? scaled(sum) : [...get(out), ...load, ...scaled(sum), ...f32x4Add]),
      ...store,
    ];
    const vector = (sum: number, i: number): Code =>
      put(sum, loadVector(16 * i), storeVector(16 * i));
    if (whole) return sums.flatMap(vector);
    const [a, b, c, d] = sums;
    const move = (from: number | undefined, to: number): Code =>
      from === undefined ? [] : [...get(from), ...set(to)];
    const has = (columns: number): Code => [...get(N), ...i32(columns), ...i32And];
    return [
      ...has(8),
      ...when(vector(a!, 0), vector(b!, 1), move(c, a!), move(d, b!), advance(out, 32)),
      ...has(4),
      ...when(vector(a!, 0), move(b, a!), advance(out, 16)),
      ...has(2),
      ...when(
        put(a!, loadTwoFloats, storeTwoFloats),
        [...get(a!), ...get(a!), ...lastTwo, ...set(a!)],
        advance(out, 8),
      ),
      ...has(1),
      ...when(put(a!, loadFloat, storeFloat)),
    ];
  }

  /** Rows of C from where C is. `k` has counted down and is free. */
  const store = ({ sums }: Tile, whole: boolean): Code => [
    ...[...get(C), ...set(k)],
    ...sums.flatMap((row) => [
      ...[...get(k), ...set(out)],
      ...storeRow(row, whole),
      ...[...get(k), ...bytesOf(LDC), ...i32Add, ...set(k)],
    ]),
  ];

  const wide = tile(2, 4);
  const narrow = tile(4, 2);
  return [
    ...[...get(ALPHA), ...f32x4Splat, ...set(alpha)],
    ...get(K),
    ...when(
      [...get(N), ...i32(9), ...i32LessUnsigned],
      [...get(M), ...i32(3), ...i32GreaterUnsigned, ...i32And],
      when(products(narrow), store(narrow, false), i32(4), giveBack),
      [...get(M), ...i32(1), ...i32GreaterUnsigned],
      when(
        [...get(N), ...i32(15), ...i32GreaterUnsigned],
        when(
          loop(
            products(wide),
            store(wide, true),
            advance(C, PANEL_BYTES),
            [...get(N), ...i32(16), ...i32Subtract, ...tee(N)],
            [...i32(15), ...i32GreaterUnsigned],
            branchIf(0),
          ),
        ),
        get(N),
        when(products(wide), store(wide, false)),
        i32(2),
        giveBack,
      ),
    ),
  ];
}

const numbersFrom = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => from + i);

/** A number of floats as bytes. */
const bytesOf = (local: number): Code => [...get(local), ...i32(2), ...i32ShiftLeft];

const advance = (local: number, bytes: number): Code => [
  ...get(local),
  ...i32(bytes),
  ...i32Add,
  ...set(local),
];
