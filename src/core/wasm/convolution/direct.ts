/**
 * @file A 3 x 3 convolution with one pixel of zeros around, of images that are too small for tiles: four pixels of a row are a
 * group, and the numbers that their results are made of are brought side by side once a block, [9 I][4 pixels].
 * Tensors are as for the other (tiled.ts), but weights are [O / 8][9 I][8].
 */
import { PANEL } from "../../convolution/winograd.ts";
import {
  type Code,
  f32x4Add,
  get,
  i32,
  i32Subtract,
  loadVector,
  set,
  storeVector,
  when,
} from "../instructions.ts";
import { advance, assign, type Locals, product, sum, times } from "../assemble.ts";
import type { Tile } from "../attention/tile.ts";
import { field, adds, scratch } from "../fused-call.ts";
import { Groups } from "./groups.ts";
import { PanelLoop } from "./panel-loop.ts";

/** Groups whose numbers are brought side by side together. */
const GROUPS = 16;
const PIXELS = 4;
const TAPS = 9;

/** Input channels whose numbers fit into so many floats a thread. */
export function mostChannelsDirectly(scratchFloats: number): number {
  return Math.floor((scratchFloats - 64) / (TAPS * PIXELS * GROUPS));
}

export class DirectConvolution {
  private readonly groups: Groups;
  private readonly panels: PanelLoop;
  private readonly inputs: number;
  private readonly numbers: number;
  private readonly pixels: number;
  private readonly channel: number;
  private readonly at: number;
  private readonly bias: readonly [number, number];
  private readonly tile: Tile;

  constructor(locals: Locals, tile: Tile) {
    const int = (): number => locals.int();
    this.groups = new Groups(locals, PIXELS, 1);
    this.panels = new PanelLoop(locals, GROUPS);
    [this.inputs, this.numbers, this.pixels] = [int(), int(), int()];
    [this.channel, this.at] = [int(), int()];
    this.bias = [locals.vector(), locals.vector()];
    this.tile = tile;
  }

  forward(): Code {
    const { groups, panels, inputs, numbers } = this;
    return [
      ...assign(inputs, field("querySize")),
      ...groups.read(scratch),
      ...assign(numbers, sum(get(groups.window), i32(groups.windowBytes))),
      ...panels.run(groups.count, panels.eachGroup(this.gather()), this.compute()),
    ];
  }

  /** A group's numbers of all channels. */
  private gather(): Code {
    const { groups, panels, inputs, numbers, pixels, channel, at } = this;
    const { window, windowRow } = groups;
    return [
      ...groups.open(panels.inAll),
      ...groups.frame(),
      ...assign(pixels, groups.firstPixel(field("query"), get(inputs))),
      ...assign(at, sum(get(numbers), product(panels.inBlock, this.groupBytes()))),
      ...times(
        channel,
        get(inputs),
        groups.copy(get(pixels)),
        ...Array.from({ length: TAPS }, (_, tap): Code => [
          ...[...get(at), ...get(window)],
          ...loadVector(Math.floor(tap / 3) * windowRow + 4 * (tap % 3)),
          ...storeVector(16 * tap),
        ]),
        advance(pixels, get(groups.plane)),
        advance(at, i32(16 * TAPS)),
      ),
    ];
  }

  private groupBytes(): Code {
    return product(get(this.inputs), i32(4 * PIXELS * TAPS));
  }

  /** A panel's outputs of every group of the block. */
  private compute(): Code {
    const { groups, panels, inputs, numbers, tile, at, pixels, bias } = this;
    const outputs = field("valueSize");
    const taps = product(get(inputs), i32(TAPS));
    const weights = sum(field("bias"), product(product(get(panels.panel), i32(4 * PANEL)), taps));
    /** Behind all weights. */
    const biases = sum(
      field("bias"),
      product(product(taps, outputs), i32(4)),
      product(get(panels.panel), i32(4 * PANEL)),
    );
    const add = (sum: number, i: number): Code => [...get(sum), ...get(bias[i]!), ...f32x4Add];
    return panels.eachGroup(
      groups.open(panels.inAll),
      assign(tile.numbers, sum(get(numbers), product(panels.inBlock, this.groupBytes()))),
      assign(tile.vectors, weights),
      tile.clear(),
      tile.multiply(taps, { apart: 4, numbers: i32(16), vectors: i32(4 * PANEL) }),
      ...bias.map((local, i): Code => [...biases, ...loadVector(16 * i), ...set(local)]),
      assign(
        pixels,
        sum(
          groups.firstPixel(field("output"), outputs),
          product(product(get(panels.panel), i32(PANEL)), get(groups.plane)),
        ),
      ),
      assign(at, get(pixels)),
      tile.storeTransposed(at, get(groups.plane), add),
      [...adds, ...when(this.addResidual())],
    );
  }

  /** Adds the value's pixels to the eight channels that have just been written. */
  private addResidual(): Code {
    const { pixels, channel, groups } = this;
    const apart: Code = [...field("value"), ...field("output"), ...i32Subtract];
    return times(
      channel,
      i32(PANEL),
      [...get(pixels), ...get(pixels), ...loadVector(0)],
      [...sum(get(pixels), apart), ...loadVector(0), ...f32x4Add, ...storeVector(0)],
      advance(pixels, get(groups.plane)),
    );
  }
}
