/**
 * @file A 3 x 3 convolution with one pixel of zeros around, of images that are too small for tiles: products of the 9 I numbers
 * that lie around a pixel.
 */
import { type Code, get, i32, loadVector, storeVector } from "../instructions.ts";
import { advance, assign, type Locals, product, sum, times } from "../assemble.ts";
import type { Tile } from "../attention/tile.ts";
import { field, scratch } from "../fused-call.ts";
import { Groups } from "./groups.ts";
import { mostNumbers, PIXELS, PixelProducts } from "./pixel-products.ts";

const TAPS = 9;

/** Input channels whose numbers fit into so many floats a thread. */
export const mostChannelsDirectly = (scratchFloats: number): number =>
  Math.floor(mostNumbers(scratchFloats) / TAPS);

export class DirectConvolution {
  private readonly groups: Groups;
  private readonly products: PixelProducts;
  private readonly pixels: number;
  private readonly channel: number;

  constructor(locals: Locals, tile: Tile) {
    this.groups = new Groups(locals, PIXELS, 1);
    this.products = new PixelProducts(locals, tile);
    this.pixels = locals.int();
    this.channel = locals.int();
  }

  forward(): Code {
    const { groups, products } = this;
    const numbers = sum(get(groups.window), i32(groups.windowBytes));
    const count = product(field("querySize"), i32(TAPS));
    return [
      ...groups.read(scratch),
      ...products.run(count, numbers, this.gather(), products.writePlanes()),
    ];
  }

  /** A group's numbers of all channels. */
  private gather(): Code {
    const { groups, products, pixels, channel } = this;
    const { window, windowRow } = groups;
    const { to } = products;
    return [
      ...groups.open(products.panels.inAll),
      ...groups.frame(),
      ...assign(pixels, groups.firstPixel(field("query"), field("querySize"))),
      ...times(
        channel,
        field("querySize"),
        groups.copy(get(pixels)),
        ...Array.from({ length: TAPS }, (_, tap): Code => [
          ...[...get(to), ...get(window)],
          ...loadVector(Math.floor(tap / 3) * windowRow + 4 * (tap % 3)),
          ...storeVector(16 * tap),
        ]),
        advance(pixels, get(groups.plane)),
        advance(to, i32(16 * TAPS)),
      ),
    ];
  }
}
