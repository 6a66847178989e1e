/**
 * @file A 1 x 1 convolution, with images as [B, I, pixels] or [B, pixels, I] going in, and either coming out: a transpose before or
 * after it costs nothing.
 */
import {
  type Code,
  get,
  i32,
  i32And,
  i32ShiftRightUnsigned,
  loadVector,
  set,
  shuffleFloats,
  storeVector,
  whenElse,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, sum, times } from "../assemble.ts";
import type { Tile } from "../attention/tile.ts";
import { field, scratch, word } from "../fused-call.ts";
import { mostNumbers, PixelProducts } from "./pixel-products.ts";

/** Input channels whose numbers fit into so many floats a thread. */
export const mostChannelsPointwise = mostNumbers;

/** Heads that say how tensors lie, beside the 1 of what is to be added (fused-call.ts). */
export const ROWS_IN = 2;
export const ROWS_OUT = 4;

const has = (bit: number): Code => [
  ...[...word, ...i32(Math.log2(bit)), ...i32ShiftRightUnsigned, ...i32(1), ...i32And],
];

export class PointwiseConvolution {
  private readonly products: PixelProducts;
  private readonly from: number;
  private readonly counter: number;
  private readonly rows: readonly number[];
  private readonly halves: readonly number[];

  constructor(locals: Locals, tile: Tile) {
    this.products = new PixelProducts(locals, tile);
    [this.from, this.counter] = [locals.int(), locals.int()];
    [this.rows, this.halves] = [locals.vectors(4), locals.vectors(4)];
  }

  forward(): Code {
    const gather: Code = [...has(ROWS_IN), ...whenElse(this.gatherRows(), this.gatherPlanes())];
    return this.products.run(field("querySize"), scratch, gather, has(ROWS_OUT));
  }

  /** Four pixels of one channel after the other. */
  private gatherPlanes(): Code {
    const { products, from, counter } = this;
    const { to } = products;
    return [
      ...assign(from, products.inPlanes(field("query"), field("querySize"))),
      ...times(
        counter,
        field("querySize"),
        [...get(to), ...get(from), ...loadVector(0), ...storeVector(0)],
        advance(from, products.planeBytes),
        advance(to, i32(16)),
      ),
    ];
  }

  /** Four channels of four pixels, transposed. */
  private gatherRows(): Code {
    const { products, from, counter, rows } = this;
    const { to } = products;
    const [a, b, c, d] = rows.map(get) as [Code, Code, Code, Code];
    const [e, f, g, h] = this.halves as [number, number, number, number];
    const between = (x: Code, y: Code, first: 0 | 2, into: number): Code => [
      ...[...x, ...y, ...shuffleFloats(first, first + 4, first + 1, first + 5), ...set(into)],
    ];
    const joined = (x: number, y: number): Code[] => [
      [...get(x), ...get(y), ...shuffleFloats(0, 1, 4, 5)],
      [...get(x), ...get(y), ...shuffleFloats(2, 3, 6, 7)],
    ];
    const row = (i: number): Code =>
      i === 0 ? get(from) : sum(row(i - 1), floats(field("querySize")));
    return [
      ...assign(from, products.inRows(field("query"), field("querySize"))),
      ...times(
        counter,
        [...field("querySize"), ...i32(2), ...i32ShiftRightUnsigned],
        ...rows.map((local, i): Code => [...row(i), ...loadVector(0), ...set(local)]),
        [...between(a, b, 0, e), ...between(c, d, 0, f)],
        [...between(a, b, 2, g), ...between(c, d, 2, h)],
        ...[...joined(e, f), ...joined(g, h)].map((code, i): Code => [
          ...[...get(to), ...code, ...storeVector(16 * i)],
        ]),
        advance(from, i32(16)),
        advance(to, i32(64)),
      ),
    ];
  }
}
