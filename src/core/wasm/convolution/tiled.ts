/**
 * @file A 3 x 3 convolution with one pixel of zeros around, by F(4 x 4, 3 x 3) (core/convolution/winograd.ts): two by two
 * tiles are a group, up to eight groups a block. A block's inputs are transformed once; then come, for each panel of eight
 * channels, 36 products of four tiles by eight channels, and the outputs.
 *
 * The query is the image's numbers as they lie, [B, I, H, W], positions are W. The bias is [transformed weights | bias of O].
 * Where heads are 1, the value is added to the output; where they are 2, a number for each image and channel.
 */
import { PANEL, POINTS, TILE } from "../../convolution/winograd.ts";
import {
  branchIf,
  type Code,
  get,
  i32,
  i32Add,
  i32And,
  i32LessUnsigned,
  i32Multiply,
  i32ShiftRightUnsigned,
  i32Subtract,
  loop,
  tee,
  whenElse,
} from "../instructions.ts";
import { advance, assign, type Locals, product, sum, times } from "../assemble.ts";
import type { Tile } from "../attention/tile.ts";
import { field, adds, scratch } from "../fused-call.ts";
import { readBias } from "./bias.ts";
import { Groups } from "./groups.ts";
import { COLUMNS_BYTES, InputTransform } from "./input.ts";
import { OutputTransform, type Target } from "./output.ts";
import { PanelLoop } from "./panel-loop.ts";

/** Groups of tiles whose inputs are transformed together. */
const GROUPS = 8;
const SIDE = 2 * TILE;
const TILES = 4;
const POINT_COUNT = POINTS ** 2;
/** Bytes of a group's products of one point and one panel: four tiles by eight channels. */
const GROUP_BYTES = 4 * TILES * PANEL;
/** A cache line more than there is, so that one tile's 36 points do not all fall into the same few lines of the cache. */
const APART = 64;
const PRODUCTS_STRIDE = GROUPS * GROUP_BYTES + APART;
const PRODUCTS_BYTES = POINT_COUNT * PRODUCTS_STRIDE;
const WINDOW_BYTES = 4 * (SIDE + 4) * (SIDE + 2);

/** Input channels whose transformed numbers fit into so many floats a thread. */
export function mostChannels(scratchFloats: number): number {
  const others = PRODUCTS_BYTES + COLUMNS_BYTES + WINDOW_BYTES + POINT_COUNT * APART;
  return Math.floor((4 * scratchFloats - others) / (POINT_COUNT * GROUPS * TILES * 4));
}

export class TiledConvolution {
  private readonly groups: Groups;
  private readonly panels: PanelLoop;
  private readonly inputs: number;
  /** Transformed inputs, and bytes from point to point; products; where columns are kept. */
  private readonly transformed: number;
  private readonly stride: number;
  private readonly products: number;
  private readonly columns: number;
  private readonly weights: number;
  private readonly point: number;
  private readonly channel: number;
  private readonly at: number;
  private readonly tileNumber: number;
  private readonly target: Target;
  private readonly input: InputTransform;
  private readonly output: OutputTransform;
  private readonly tile: Tile;

  constructor(locals: Locals, tile: Tile, relaxed: boolean) {
    const int = (): number => locals.int();
    this.groups = new Groups(locals, SIDE, SIDE);
    this.panels = new PanelLoop(locals, GROUPS);
    this.inputs = int();
    [this.transformed, this.stride, this.products, this.columns] = [int(), int(), int(), int()];
    [this.weights, this.point, this.channel] = [int(), int(), int()];
    [this.at, this.tileNumber] = [int(), int()];
    const { row, plane } = this.groups;
    this.target = {
      ...{ products: int(), pixels: int(), stride: PRODUCTS_STRIDE },
      ...{ row, plane, residual: int(), bias: locals.vector() },
    };
    this.input = new InputTransform(locals, relaxed);
    this.output = new OutputTransform(locals, relaxed);
    this.tile = tile;
  }

  forward(): Code {
    const { groups, panels, inputs, products, columns, transformed, target } = this;
    return [
      ...assign(inputs, field("querySize")),
      ...assign(products, scratch),
      ...assign(columns, sum(get(products), i32(PRODUCTS_BYTES))),
      ...groups.read(sum(get(columns), i32(COLUMNS_BYTES))),
      ...assign(transformed, sum(get(groups.window), i32(groups.windowBytes))),
      ...assign(this.stride, sum(product(get(inputs), i32(16 * GROUPS)), i32(APART))),
      ...assign(target.residual, [...field("value"), ...field("output"), ...i32Subtract]),
      ...panels.run(
        groups.count,
        panels.eachGroup(this.transformInputs()),
        [
          this.multiply(),
          adds,
          whenElse(
            panels.eachGroup(this.transformOutputs(true)),
            panels.eachGroup(this.transformOutputs(false)),
          ),
        ].flat(),
      ),
    ];
  }

  private transformInputs(): Code {
    const { groups, panels, inputs, transformed, channel, at } = this;
    const { pixels } = this.target;
    return [
      ...groups.open(panels.inAll),
      ...groups.frame(),
      ...assign(pixels, groups.firstPixel(field("query"), get(inputs))),
      // Channels lie side by side, groups after one another.
      ...assign(at, sum(get(transformed), product(panels.inBlock, product(get(inputs), i32(16))))),
      ...times(
        channel,
        get(inputs),
        groups.copy(get(pixels)),
        this.input.channel(get(groups.window), get(this.columns), get(at), get(this.stride)),
        advance(pixels, get(groups.plane)),
        advance(at, i32(16)),
      ),
    ];
  }

  /** The panel's products: of every point, of every group of the block. */
  private multiply(): Code {
    const { panels, inputs, point, weights, transformed, products, at, tile } = this;
    const panelBytes = product(get(inputs), i32(4 * PANEL));
    const points = product(get(panels.panel), i32(POINT_COUNT));
    return [
      ...assign(weights, sum(field("bias"), product(points, panelBytes))),
      ...assign(point, i32(0)),
      ...loop(
        assign(tile.numbers, sum(get(transformed), product(get(point), get(this.stride)))),
        assign(at, sum(get(products), product(get(point), i32(PRODUCTS_STRIDE)))),
        panels.eachGroup(
          assign(tile.vectors, get(weights)),
          tile.clear(),
          tile.multiply(get(inputs), { apart: 4, numbers: 16, vectors: 4 * PANEL }),
          tile.store(at),
          advance(at, i32(GROUP_BYTES)),
        ),
        advance(weights, panelBytes),
        [...get(point), ...i32(1), ...i32Add, ...tee(point)],
        [...i32(POINT_COUNT), ...i32LessUnsigned],
        branchIf(0),
      ),
    ];
  }

  private transformOutputs(adds: boolean): Code {
    const { groups, panels, inputs, products, at, target, tileNumber } = this;
    const outputs = field("valueSize");
    /** Behind all weights. */
    const bias = sum(field("bias"), product(product(get(inputs), outputs), i32(4 * POINT_COUNT)));
    const before = product(get(panels.panel), i32(4 * PANEL));
    const index: Code = [...get(tileNumber), ...i32(1), ...i32Subtract];
    const bit = (at: number, bytes: Code): Code => [
      ...[...index, ...i32(at), ...i32ShiftRightUnsigned, ...i32(1), ...i32And],
      ...[...bytes, ...i32Multiply],
    ];
    const half = bit(0, i32(16));
    return [
      ...groups.open(panels.inAll),
      ...assign(
        at,
        sum(
          groups.firstPixel(field("output"), outputs),
          product(product(get(panels.panel), i32(PANEL)), get(groups.plane)),
        ),
      ),
      // As products lie: the lowest bit is the half of the panel, then the column, then the row of the tile.
      ...times(
        tileNumber,
        i32(2 * TILES),
        assign(
          target.products,
          sum(get(products), product(panels.inBlock, i32(GROUP_BYTES)), product(index, i32(16))),
        ),
        assign(
          target.pixels,
          sum(
            get(at),
            bit(0, product(get(groups.plane), i32(4))),
            bit(1, i32(16)),
            bit(2, product(get(groups.row), i32(4))),
          ),
        ),
        readBias(target.bias, { bias, before: sum(before, half), image: get(groups.image) }),
        this.output.tile(target, adds),
      ),
    ];
  }
}
