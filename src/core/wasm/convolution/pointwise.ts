/**
 * @file A 1 x 1 convolution: products of a pixel's own channels. Images come as they lie, [B, I, pixels], or pixel by pixel,
 * [B, pixels, I], where positions are odd; results go pixel by pixel where 2 is among the positions.
 */
import {
  type Code,
  get,
  i32,
  i32And,
  i32ShiftRightUnsigned,
  loadVector,
  set,
  storeLane,
  storeVector,
  whenElse,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "../assemble.ts";
import type { Tile } from "../attention/tile.ts";
import { field, scratch, word } from "../fused-call.ts";
import { mostNumbers, PIXELS, PixelProducts } from "./pixel-products.ts";

/** Positions that say how tensors lie. */
export const ROWS_IN = 1;
export const ROWS_OUT = 2;
const flag = (position: number): Code => [...word, ...i32(position << 6), ...i32And];

/** Input channels whose numbers fit into so many floats a thread. */
export const mostChannelsPointwise = mostNumbers;

export class PointwiseConvolution {
  private readonly products: PixelProducts;
  private readonly from: number;
  private readonly row: number;
  private readonly channel: number;
  private readonly vector: number;

  constructor(locals: Locals, tile: Tile) {
    this.products = new PixelProducts(locals, tile);
    [this.from, this.row, this.channel] = [locals.int(), locals.int(), locals.int()];
    this.vector = locals.vector();
  }

  forward(): Code {
    const { products } = this;
    const gather = [...flag(ROWS_IN), ...whenElse(this.fromRows(), this.fromPlanes())];
    const write = [...flag(ROWS_OUT), ...whenElse(products.writeRows(), products.writePlanes())];
    return products.run(field("querySize"), scratch, gather, write);
  }

  /** Four pixels of each channel. */
  private fromPlanes(): Code {
    const { products, from, channel } = this;
    return [
      ...assign(from, products.inPlanes(field("query"), field("querySize"))),
      ...times(
        channel,
        field("querySize"),
        [...get(products.to), ...get(from), ...loadVector(0), ...storeVector(0)],
        advance(from, get(products.plane)),
        advance(products.to, i32(4 * PIXELS)),
      ),
    ];
  }

  /** Channels of each of four pixels, four at a time. */
  private fromRows(): Code {
    const { products, from, row, channel, vector } = this;
    const rowBytes = floats(field("querySize"));
    const eachRow = Array.from({ length: PIXELS }, (_, pixel): Code => [
      ...[...get(row), ...loadVector(0), ...set(vector)],
      ...[0, 1, 2, 3].flatMap((lane) => [
        ...[...get(products.to), ...get(vector)],
        ...storeLane(lane, 4 * PIXELS * lane + 4 * pixel),
      ]),
      ...(pixel + 1 < PIXELS ? advance(row, rowBytes) : []),
    ]);
    return [
      ...assign(from, sum(field("query"), product(products.pixel, rowBytes))),
      ...times(
        channel,
        [...field("querySize"), ...i32(2), ...i32ShiftRightUnsigned],
        assign(row, get(from)),
        ...eachRow,
        advance(from, i32(16)),
        advance(products.to, i32(16 * PIXELS)),
      ),
    ];
  }
}
