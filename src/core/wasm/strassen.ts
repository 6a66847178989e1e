/**
 * @file y = x W + b, and a residual after it, as dense.ts has it but by Strassen's method (core/linalg/strassen.ts): x's four
 * rows and its depth in halves, two panels of W side by side. Two rows by 16 columns at a time, as there. Additions are on
 * another port of the processor than products, and cost next to nothing.
 */
import {
  branchIf,
  type Code,
  f32x4Add,
  f32x4Subtract,
  get,
  i32,
  i32Add,
  i32DivideUnsigned,
  i32LessUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  loop,
  select,
  set,
  storeVector,
  tee,
  when,
  zeros,
} from "./instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "./assemble.ts";
import { adds, field, scratch, THREAD } from "./fused-call.ts";
import { STRASSEN_PRODUCTS } from "../linalg/strassen.ts";
import { addProducts, PANEL_BYTES } from "./panel-products.ts";

/** Vectors across a panel. */
const WIDTH = 4;
/** Pairs of panels in a block: as many as this over the depth, and one more; their weights take some 900 KiB. */
const BLOCK = 2 ** 12;
/** Bytes of the sums of two rows and a panel, and of the tiles that are kept. */
const TILE_BYTES = 2 * PANEL_BYTES;
const [FIRST, U2, U3] = [0, TILE_BYTES, 2 * TILE_BYTES] as const;
const KEPT_BYTES = 3 * TILE_BYTES;

/** Of x: a quarter of four rows, or one of the sums. */
type Rows = "A11" | "A12" | "A22" | "S1" | "S2" | "S3" | "S4";

export class Strassen {
  private readonly int;
  private readonly sums: readonly (readonly number[])[];
  private readonly panel: readonly number[];
  private readonly element: number;
  private readonly parts: readonly number[];
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    const int = (): number => locals.int();
    this.int = {
      ...{ half: int(), columns: int(), pairs: int(), block: int(), weights: int() },
      ...{ column: int(), quad: int(), pair: int(), at: int(), from: int(), kept: int() },
      ...{ first: int(), second: int(), b: int(), k: int(), bias: int(), address: int() },
    };
    this.sums = [locals.vectors(WIDTH), locals.vectors(WIDTH)];
    this.panel = locals.vectors(WIDTH);
    this.element = locals.vector();
    this.parts = locals.vectors(3);
  }

  forward(): Code {
    const { half, columns, pairs, block, weights, column, quad, kept } = this.int;
    const depth = field("querySize");
    const share = (thread: Code): Code => [
      ...product([...ROWS, ...i32(2), ...i32ShiftRightUnsigned], thread),
      ...[...field("threads"), ...i32DivideUnsigned],
    ];
    return [
      ...assign(half, product(depth, i32(2))),
      ...assign(columns, floats(field("valueSize"))),
      ...assign(pairs, [...field("valueSize"), ...i32(5), ...i32ShiftRightUnsigned]),
      ...assign(weights, field("bias")),
      // 7/4 of the weights themselves, 4 bytes each.
      ...assign(column, i32(0)),
      ...assign(kept, scratch),
      ...[...share(get(THREAD)), ...share(sum(get(THREAD), i32(1))), ...i32LessUnsigned],
      ...when(
        loop(
          assign(block, sum([...i32(BLOCK), ...depth, ...i32DivideUnsigned], i32(1))),
          assign(block, smaller(get(block), get(pairs))),
          assign(quad, share(get(THREAD))),
          loop(
            this.rows(),
            [...get(quad), ...i32(1), ...i32Add],
            [...tee(quad), ...share(sum(get(THREAD), i32(1))), ...i32LessUnsigned],
            branchIf(0),
          ),
          advance(weights, product(product(get(block), get(half)), i32(STRASSEN_PRODUCTS * 16))),
          advance(column, product(get(block), i32(2 * PANEL_BYTES))),
          [...get(pairs), ...get(block), ...i32Subtract, ...tee(pairs)],
          branchIf(0),
        ),
      ),
    ];
  }

  /** Four rows of this block's columns. */
  private rows(): Code {
    const { half, columns, block, weights, column, quad, pair, at, from, b, bias } = this.int;
    // Weights are 7/4 of what they were, 4 bytes each.
    const weightBytes = product(product(field("querySize"), field("valueSize")), i32(7));
    return [
      ...assign(bias, sum(field("bias"), weightBytes, get(column))),
      ...assign(from, sum(field("query"), product(product(get(quad), get(half)), i32(8)))),
      ...assign(at, sum(product(product(get(quad), i32(4)), get(columns)), get(column))),
      ...this.addRows(),
      ...assign(b, get(weights)),
      ...times(
        pair,
        get(block),
        this.tiles(),
        advance(at, i32(2 * PANEL_BYTES)),
        advance(bias, i32(2 * PANEL_BYTES)),
      ),
    ];
  }

  /** S1 to S4, two rows each. */
  private addRows(): Code {
    const { half, from, first, second, address, k } = this.int;
    const [a, s, other] = this.parts as [number, number, number];
    const rowBytes = product(get(half), i32(2));
    const store = (index: number, vector: number): Code => [
      ...sum(get(address), product(get(half), i32(2 * index))),
      ...[...get(vector), ...storeVector(0)],
    ];
    return [0, 1].flatMap((row) => [
      ...assign(first, sum(get(from), product(rowBytes, i32(row)))),
      ...assign(second, sum(get(first), product(rowBytes, i32(2)))),
      ...assign(address, sum(this.sumsAt, product(get(half), i32(row)))),
      ...times(
        k,
        [...get(half), ...i32(4), ...i32ShiftRightUnsigned],
        [...get(first), ...loadVector(0), ...set(a)],
        [...get(second), ...loadVector(0), ...tee(other)],
        [...sum(get(second), get(half)), ...loadVector(0), ...f32x4Add, ...set(s)],
        store(0, s),
        [...get(s), ...get(a), ...f32x4Subtract, ...set(s)],
        store(1, s),
        [...get(a), ...get(other), ...f32x4Subtract, ...set(other)],
        store(2, other),
        [...sum(get(first), get(half)), ...loadVector(0), ...get(s), ...f32x4Subtract, ...set(s)],
        store(3, s),
        advance(first, i32(16)),
        advance(second, i32(16)),
        advance(address, i32(16)),
      ),
    ]);
  }

  private tiles(): Code {
    return [
      ...this.each((one) => [...zeros, ...set(one)]),
      ...this.multiply("A11"),
      ...this.keep(FIRST),
      ...this.multiply("A12"),
      ...this.write(0, 0),
      ...this.each((one, offset) => [...this.kept(FIRST + offset), ...set(one)]),
      ...this.multiply("S2"),
      ...this.keep(U2),
      ...this.multiply("S3"),
      ...this.keep(U3),
      ...this.each((one) => [...zeros, ...set(one)]),
      ...this.multiply("S1"),
      ...this.keep(FIRST),
      ...this.each((one, offset) => [
        ...[...get(one), ...this.kept(U3 + offset), ...f32x4Add, ...set(one)],
      ]),
      ...this.write(1, 1),
      ...this.each((one, offset) => [
        ...[...this.kept(FIRST + offset), ...this.kept(U2 + offset), ...f32x4Add, ...set(one)],
      ]),
      ...this.multiply("S4"),
      ...this.write(0, 1),
      ...this.each((one, offset) => [...this.kept(U3 + offset), ...set(one)]),
      ...this.multiply("A22"),
      ...this.write(1, 0),
    ];
  }

  /** The tile's sums += rows times the next matrix of the weights. */
  private multiply(of: Rows): Code {
    const { half, from, first, second, b, k } = this.int;
    const { sums, panel, element } = this;
    const index = ["S1", "S2", "S3", "S4"].indexOf(of);
    const start =
      index >= 0
        ? sum(this.sumsAt, product(get(half), i32(2 * index)))
        : sum(get(from), product(get(half), i32({ A11: 0, A12: 1, A22: 5 }[of as "A11"])));
    return [
      ...assign(first, start),
      ...assign(second, sum(get(first), product(get(half), i32(index >= 0 ? 1 : 2)))),
      ...addProducts(
        { rows: [first, second], sums, panel, element, b, k },
        [...get(half), ...i32(2), ...i32ShiftRightUnsigned],
        this.relaxed,
      ),
    ];
  }

  /** The tile, plus the bias and the residual, as rows and panel of the output. */
  private write(rows: 0 | 1, panel: 0 | 1): Code {
    const { columns, at, bias, address } = this.int;
    const within = PANEL_BYTES * panel;
    const goTo = (tensor: Code): Code =>
      assign(address, sum(tensor, get(at), product(get(columns), i32(2 * rows))));
    const eachVector = (body: (one: number, offset: number) => Code): Code =>
      this.sums.flatMap((row, r) => [
        ...(r === 0 ? [] : advance(address, get(columns))),
        ...row.flatMap((one, i) => body(one, within + 16 * i)),
      ]);
    return [
      ...this.sums.flatMap((row) =>
        row.flatMap((one, i) => [
          ...[...get(one), ...get(bias), ...loadVector(within + 16 * i), ...f32x4Add, ...set(one)],
        ]),
      ),
      ...goTo(field("value")),
      ...adds,
      ...when(
        eachVector((one, offset) => [
          ...[...get(one), ...get(address), ...loadVector(offset), ...f32x4Add, ...set(one)],
        ]),
      ),
      ...goTo(field("output")),
      ...eachVector((one, offset) => [...get(address), ...get(one), ...storeVector(offset)]),
    ];
  }

  private get sumsAt(): Code {
    return sum(get(this.int.kept), i32(KEPT_BYTES));
  }

  private each(body: (one: number, offset: number) => Code): Code {
    return this.sums.flat().flatMap((one, i) => body(one, 16 * i));
  }

  private kept(offset: number): Code {
    return [...get(this.int.kept), ...loadVector(offset)];
  }

  private keep(offset: number): Code {
    return this.each((one, i) => [
      ...[...get(this.int.kept), ...get(one), ...storeVector(offset + i)],
    ]);
  }
}

const ROWS = product(field("batch"), field("queries"));

const smaller = (a: Code, b: Code): Code => [...a, ...b, ...a, ...b, ...i32LessUnsigned, ...select];
