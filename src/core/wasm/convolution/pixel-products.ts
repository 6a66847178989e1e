/**
 * @file Products of so many numbers a pixel with weights: four pixels are a group, and their numbers are brought side by side
 * once a block, [numbers][4 pixels], for all panels of eight output channels. The bias is [weights [O / 8][numbers][8] |
 * bias of O]. Where heads are 1, the value is added to the output; where they are 2, a number for each image and channel.
 */
import { PANEL } from "../../convolution/winograd.ts";
import {
  type Code,
  f32x4Add,
  get,
  i32,
  i32DivideUnsigned,
  i32Load,
  i32RemainderUnsigned,
  i32Store,
  i32Subtract,
  loadVector,
  storeVector,
  whenElse,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum } from "../assemble.ts";
import type { Tile } from "../attention/tile.ts";
import { adds, field } from "../fused-call.ts";
import { readBias } from "./bias.ts";
import { PanelLoop } from "./panel-loop.ts";

/** Groups whose numbers are brought side by side together. */
const GROUPS = 16;
export const PIXELS = 4;

/** Numbers a pixel that fit into so many floats a thread, beside a few others. */
export const mostNumbers = (scratchFloats: number): number =>
  Math.floor((scratchFloats - 128) / (PIXELS * GROUPS));

export class PixelProducts {
  readonly panels: PanelLoop;
  /** How many numbers a pixel has, and where they are gathered. */
  readonly count: number;
  readonly numbers: number;
  /** Where the group in turn is to be put. */
  readonly to: number;
  private readonly first: number;
  /** Bytes of a channel's pixels. */
  readonly plane: number;
  /** Where the groups' addresses in the output are kept. */
  private readonly table: number;
  private readonly bias: readonly [number, number];
  private readonly tile: Tile;

  constructor(locals: Locals, tile: Tile) {
    const int = (): number => locals.int();
    this.panels = new PanelLoop(locals, GROUPS);
    [this.count, this.numbers, this.to, this.first] = [int(), int(), int(), int()];
    [this.plane, this.table] = [int(), int()];
    this.bias = [locals.vector(), locals.vector()];
    this.tile = tile;
  }

  /** Number of the group's first pixel among all. */
  get pixel(): Code {
    return product(this.panels.inAll, i32(PIXELS));
  }

  private get image(): Code {
    return [...this.pixel, ...field("queries"), ...i32DivideUnsigned];
  }

  /** Address of that pixel in the first channel of [B, channels, pixels]. */
  inPlanes(tensor: Code, channels: Code): Code {
    const inImage = [...this.pixel, ...field("queries"), ...i32RemainderUnsigned];
    return sum(tensor, product(product(this.image, channels), get(this.plane)), floats(inImage));
  }

  /**
   * @param count numbers a pixel
   * @param numbers address where there is room for them
   * @param gather code that puts a group's numbers where `to` is
   * @param write code that writes a group's results
   */
  run(count: Code, numbers: Code, gather: Code, write: Code): Code {
    const { panels, to } = this;
    const groupBytes = product(get(this.count), i32(4 * PIXELS));
    const place = sum(get(this.numbers), product(panels.inBlock, groupBytes));
    return [
      ...assign(this.count, count),
      ...assign(this.table, numbers),
      ...assign(this.numbers, sum(numbers, i32(4 * GROUPS))),
      ...assign(this.plane, floats(field("queries"))),
      ...panels.run(
        [...product(field("batch"), field("queries")), ...i32(PIXELS), ...i32DivideUnsigned],
        panels.eachGroup(
          [...this.inTable, ...this.inPlanes(field("output"), field("valueSize")), ...i32Store(0)],
          assign(to, place),
          gather,
        ),
        panels.eachGroup(this.multiply(place), write),
      ),
    ];
  }

  /** Address of the group's number in the table. */
  private get inTable(): Code {
    return sum(get(this.table), floats(this.panels.inBlock));
  }

  private multiply(numbers: Code): Code {
    const { tile, count, panels, image } = this;
    const column = product(get(panels.panel), i32(4 * PANEL));
    const weights = sum(field("bias"), product(column, get(count)));
    /** Behind all weights. */
    const bias = sum(field("bias"), floats(product(get(count), field("valueSize"))));
    return [
      ...assign(tile.numbers, numbers),
      ...assign(tile.vectors, weights),
      ...tile.clear(),
      ...tile.multiply(get(count), { apart: 4, numbers: 16, vectors: 4 * PANEL }),
      ...this.bias.flatMap((local, i) =>
        readBias(local, { bias, before: sum(column, i32(16 * i)), image }),
      ),
    ];
  }

  private biased(one: number, i: number): Code {
    return [...get(one), ...get(this.bias[i]!), ...f32x4Add];
  }

  private get residual(): Code {
    return [...field("value"), ...field("output"), ...i32Subtract];
  }

  /** Pixel by pixel; nothing is added to it. */
  writeRows(): Code {
    const { first, tile, panels } = this;
    const column = product(get(panels.panel), i32(PANEL));
    const at = sum(product(this.pixel, field("valueSize")), column);
    return [
      ...assign(first, sum(field("output"), floats(at))),
      ...Array.from({ length: PIXELS }, (_, pixel): Code => [
        ...[0, 1].flatMap((i) => [
          ...[...get(first), ...this.biased(tile.sum(pixel, i), i), ...storeVector(16 * i)],
        ]),
        ...advance(first, floats(field("valueSize"))),
      ]).flat(),
    ];
  }

  /** As images lie. */
  writePlanes(): Code {
    const { first, tile } = this;
    const channels = product(product(get(this.panels.panel), i32(PANEL)), get(this.plane));
    const store = (finished: (column: number) => Code): Code =>
      tile.storeTransposed(first, get(this.plane), (one, i) => this.biased(one, i), finished);
    const added = (column: number): Code => [
      ...[...get(column), ...sum(get(first), this.residual), ...loadVector(0), ...f32x4Add],
    ];
    return [
      ...assign(first, sum([...this.inTable, ...i32Load(0)], channels)),
      ...[...adds, ...whenElse(store(added), store(get))],
    ];
  }
}
