/**
 * @file A 3 x 3 convolution with one pixel of zeros around, by F(4 x 4, 3 x 3) (core/convolution/winograd.ts): two by two
 * tiles are a group, up to eight groups a block. A thread computes so many panels of eight channels, block by block: it
 * transforms a block's inputs once, then for each panel 36 products of four tiles by eight channels, and the outputs.
 *
 * The query is the image [B, H · W, I]'s numbers, as they lie: [B, I, H, W]; positions are W. The bias is [transformed
 * weights | bias of O]. Where there are as many keys as queries, the value is added to the output.
 */
import { PANEL, POINTS } from "../../convolution/winograd.ts";
import {
  branchIf,
  type Code,
  get,
  i32,
  i32Add,
  i32And,
  i32DivideUnsigned,
  i32Equal,
  i32EqualsZero,
  i32LessUnsigned,
  i32Multiply,
  i32RemainderUnsigned,
  i32ShiftLeft,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  loop,
  select,
  set,
  tee,
  when,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "../assemble.ts";
import { type Tile } from "../attention/tile.ts";
import { field, THREAD, word } from "../fused-call.ts";
import { INPUT_BYTES, InputTransform, type Window } from "./input.ts";
import { OutputTransform, type Target } from "./output.ts";

/** Groups of tiles whose inputs are transformed together. */
const GROUPS = 8;
/** Pixels of a group's side, and its tiles. */
const SIDE = 8;
const TILES = 4;
const POINT_COUNT = POINTS ** 2;
/** Bytes of a group's products of one point and one panel: four tiles by eight channels. */
const GROUP_BYTES = 4 * TILES * PANEL;
/** A cache line more than there is, so that one tile's 36 points do not all fall into the same few lines of the cache. */
const APART = 64;
const PRODUCTS_STRIDE = GROUPS * GROUP_BYTES + APART;
const PRODUCTS_BYTES = POINT_COUNT * PRODUCTS_STRIDE;

/** Input channels whose transformed numbers fit into so many floats a thread. */
export function mostChannels(scratchFloats: number): number {
  const left = 4 * scratchFloats - PRODUCTS_BYTES - INPUT_BYTES - POINT_COUNT * APART;
  return Math.floor(left / (POINT_COUNT * GROUPS * TILES * 4));
}

type Name =
  | "inputs"
  | "outputs"
  | "width"
  | "row"
  | "plane"
  | "across"
  | "groups"
  | "panels"
  | "unit"
  | "end"
  | "block"
  | "panel"
  | "first"
  | "count"
  | "group"
  | "transformed"
  | "stride"
  | "products"
  | "weights"
  | "point"
  | "place"
  | "residual"
  | "channel"
  | "at"
  | "tile";

export class Convolution {
  private readonly int: Readonly<Record<Name, number>>;
  private readonly window: Window;
  private readonly target: Target;
  private readonly input: InputTransform;
  private readonly output: OutputTransform;
  private readonly tile: Tile;

  constructor(locals: Locals, tile: Tile, relaxed: boolean) {
    const int = (): number => locals.int();
    this.int = {
      ...{ inputs: int(), outputs: int(), width: int(), row: int(), plane: int(), across: int() },
      ...{ groups: int(), panels: int(), unit: int(), end: int(), block: int(), panel: int() },
      ...{ first: int(), count: int(), group: int(), transformed: int(), stride: int() },
      ...{ products: int(), weights: int(), point: int(), place: int(), residual: int() },
      ...{ channel: int(), at: int(), tile: int() },
    };
    const { row, plane, residual } = this.int;
    const has = { above: int(), below: int(), left: int(), right: int() };
    this.window = { scratch: int(), pixels: int(), row, has };
    this.target = {
      ...{ products: int(), pixels: int(), stride: PRODUCTS_STRIDE },
      ...{ row, plane, residual, bias: locals.vector() },
    };
    this.input = new InputTransform(locals, relaxed);
    this.output = new OutputTransform(locals, relaxed);
    this.tile = tile;
  }

  forward(): Code {
    const { unit, end, panels, block, panel, first, count, groups } = this.int;
    const isNext = (): Code => [...get(unit), ...get(end), ...i32LessUnsigned];
    const last = [...get(groups), ...get(first), ...i32Subtract];
    const adds = [...field("keys"), ...field("queries"), ...i32Equal];
    return [
      ...this.read(),
      ...isNext(),
      ...when(
        // No block has been transformed yet.
        assign(block, i32(-1)),
        loop(
          assign(panel, [...get(unit), ...get(panels), ...i32RemainderUnsigned]),
          assign(first, [...get(unit), ...get(panels), ...i32DivideUnsigned]),
          [...get(first), ...get(block), ...i32Equal, ...i32EqualsZero],
          when(
            assign(block, get(first)),
            assign(first, product(get(block), i32(GROUPS))),
            assign(count, [
              ...[...last, ...i32(GROUPS), ...last, ...i32(GROUPS), ...i32LessUnsigned, ...select],
            ]),
            this.eachGroup(this.transformInputs()),
          ),
          assign(first, product(get(block), i32(GROUPS))),
          this.multiply(),
          [...adds, ...when(this.eachGroup(this.transformOutputs(true)))],
          [...adds, ...i32EqualsZero, ...when(this.eachGroup(this.transformOutputs(false)))],
          advance(unit, i32(1)),
          isNext(),
          branchIf(0),
        ),
      ),
    ];
  }

  /** Everything that all blocks share. */
  private read(): Code {
    const { inputs, outputs, width, row, plane, across, groups, panels, unit, end } = this.int;
    const { transformed, stride, products, residual } = this.int;
    const scratch = sum(field("buffer"), product(field("bufferSize"), get(THREAD)));
    const share = (thread: Code): Code => [
      ...product(
        product(
          [
            ...sum(get(groups), i32(GROUPS - 1)),
            ...[...i32(Math.log2(GROUPS)), ...i32ShiftRightUnsigned],
          ],
          get(panels),
        ),
        thread,
      ),
      ...[...field("threads"), ...i32DivideUnsigned],
    ];
    return [
      ...assign(inputs, field("querySize")),
      ...assign(outputs, field("valueSize")),
      ...assign(width, [...word, ...i32(6), ...i32ShiftRightUnsigned, ...i32(16_383), ...i32And]),
      ...assign(row, floats(get(width))),
      ...assign(plane, floats(field("queries"))),
      ...assign(across, [...get(width), ...i32(3), ...i32ShiftRightUnsigned]),
      // 64 pixels a group.
      ...assign(groups, [
        ...product(field("batch"), field("queries")),
        ...[...i32(2 * Math.log2(SIDE)), ...i32ShiftRightUnsigned],
      ]),
      ...assign(panels, [...get(outputs), ...i32(3), ...i32ShiftRightUnsigned]),
      ...assign(products, scratch),
      ...assign(this.window.scratch, sum(get(products), i32(PRODUCTS_BYTES))),
      ...assign(transformed, sum(get(this.window.scratch), i32(INPUT_BYTES))),
      ...assign(stride, sum(product(get(inputs), i32(16 * GROUPS)), i32(APART))),
      ...assign(residual, [...field("value"), ...field("output"), ...i32Subtract]),
      ...assign(unit, share(get(THREAD))),
      ...assign(end, share(sum(get(THREAD), i32(1)))),
    ];
  }

  /** The body for each group of the block, `place` its number among all. */
  private eachGroup(...body: Code[]): Code {
    const { group, count, place, first } = this.int;
    return times(
      group,
      get(count),
      assign(place, [...sum(get(first), get(group)), ...i32(1), ...i32Subtract]),
      ...body,
    );
  }

  /** Sets `at` to the address of the group's first pixel in the first channel of a tensor with so many. */
  private locate(tensor: Code, channels: number): Code {
    const { place, plane, row, across, at } = this.int;
    const perImage = [...field("queries"), ...i32(2 * Math.log2(SIDE)), ...i32ShiftRightUnsigned];
    const image = [...get(place), ...perImage, ...i32DivideUnsigned];
    return assign(
      at,
      sum(
        tensor,
        product(product(image, get(channels)), get(plane)),
        product(
          [...this.inImage(), ...get(across), ...i32DivideUnsigned],
          [...get(row), ...i32(3), ...i32ShiftLeft],
        ),
        product([...this.inImage(), ...get(across), ...i32RemainderUnsigned], i32(4 * SIDE)),
      ),
    );
  }

  /** The group's number in its image. */
  private inImage(): Code {
    const perImage = [...field("queries"), ...i32(2 * Math.log2(SIDE)), ...i32ShiftRightUnsigned];
    return [...get(this.int.place), ...perImage, ...i32RemainderUnsigned];
  }

  private transformInputs(): Code {
    const { inputs, across, transformed, stride, group, channel, at, plane } = this.int;
    const { has, pixels } = this.window;
    const column = [...this.inImage(), ...get(across), ...i32RemainderUnsigned];
    const line = [...this.inImage(), ...get(across), ...i32DivideUnsigned];
    const lines = [
      ...[...field("queries"), ...i32(2 * Math.log2(SIDE)), ...i32ShiftRightUnsigned],
      ...[...get(across), ...i32DivideUnsigned],
    ];
    const some = (code: Code): Code => [...code, ...i32EqualsZero, ...i32EqualsZero];
    const isBefore = (index: Code, count: Code): Code => [
      ...[...sum(index, i32(1)), ...count, ...i32LessUnsigned],
    ];
    return [
      ...this.locate(field("query"), inputs),
      ...assign(pixels, get(at)),
      ...assign(has.left, some(column)),
      ...assign(has.right, isBefore(column, get(across))),
      ...assign(has.above, some(line)),
      ...assign(has.below, isBefore(line, lines)),
      ...this.input.clear(this.window),
      // Channels lie side by side, groups after one another.
      ...assign(
        at,
        sum(
          get(transformed),
          product(
            [...get(group), ...i32(1), ...i32Subtract],
            [...get(inputs), ...i32(4), ...i32ShiftLeft],
          ),
        ),
      ),
      ...times(
        channel,
        get(inputs),
        this.input.channel(this.window, get(at), get(stride)),
        advance(pixels, get(plane)),
        advance(at, i32(16)),
      ),
    ];
  }

  /** The panel's products: of every point, of every group of the block. */
  private multiply(): Code {
    const { inputs, panel, point, weights, transformed, stride, products, at, group } = this.int;
    const { count } = this.int;
    const { tile } = this;
    const panelBytes = product(get(inputs), i32(4 * PANEL));
    return [
      ...assign(
        weights,
        sum(field("bias"), product(product(get(panel), i32(POINT_COUNT)), panelBytes)),
      ),
      ...assign(point, i32(0)),
      ...loop(
        assign(tile.numbers, sum(get(transformed), product(get(point), get(stride)))),
        assign(at, sum(get(products), product(get(point), i32(PRODUCTS_STRIDE)))),
        times(
          group,
          get(count),
          assign(tile.vectors, get(weights)),
          tile.clear(),
          tile.multiply(get(inputs), { apart: 4, numbers: i32(16), vectors: i32(4 * PANEL) }),
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
    const { outputs, panel, plane, row, products, group, inputs, at, tile } = this.int;
    const { target } = this;
    /** Behind all weights. */
    const bias = sum(
      field("bias"),
      product(product(get(inputs), get(outputs)), i32(4 * POINT_COUNT)),
      product(get(panel), i32(4 * PANEL)),
    );
    const bit = (index: number, bytes: Code): Code => [
      ...[...get(tile), ...i32(1), ...i32Subtract, ...i32(index), ...i32ShiftRightUnsigned],
      ...[...i32(1), ...i32And, ...bytes, ...i32Multiply],
    ];
    return [
      ...this.locate(field("output"), outputs),
      ...advance(at, product(product(get(panel), i32(PANEL)), get(plane))),
      // As products lie: the lowest bit is the half of the panel, then the column, then the row of the tile.
      ...times(
        tile,
        i32(2 * TILES),
        assign(
          target.products,
          sum(
            get(products),
            product([...get(group), ...i32(1), ...i32Subtract], i32(GROUP_BYTES)),
            product([...get(tile), ...i32(1), ...i32Subtract], i32(16)),
          ),
        ),
        assign(
          target.pixels,
          sum(
            get(at),
            bit(0, product(get(plane), i32(4))),
            bit(1, i32(16)),
            bit(2, product(get(row), i32(4))),
          ),
        ),
        [...sum(bias, bit(0, i32(16))), ...loadVector(0), ...set(target.bias)],
        this.output.tile(target, adds),
      ),
    ];
  }
}
