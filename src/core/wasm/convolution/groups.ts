/**
 * @file Groups of neighbouring pixels that a convolution's results are computed for together: where they are in an image, and
 * their inputs with one pixel more on each side, zero where the image ends.
 */
import {
  type Code,
  get,
  i32,
  i32And,
  i32DivideUnsigned,
  i32EqualsZero,
  i32LessUnsigned,
  i32RemainderUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadSplat,
  loadVector,
  storeLane,
  storeVector,
  when,
  zeros,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "../assemble.ts";
import { field, word } from "../fused-call.ts";

const FLOAT = 4;
const VECTOR = 16;

export class Groups {
  /** Bytes from row to row of an image, and from channel to channel. */
  readonly row: number;
  readonly plane: number;
  /** Number of the group's image. */
  readonly image: number;
  /** Where the window is, its bytes a row, and in all; in each row are a pixel on the left, the group's, one on the right. */
  readonly window: number;
  readonly windowRow: number;
  readonly windowBytes: number;
  private readonly across: number;
  private readonly column: number;
  private readonly line: number;
  private readonly has: Readonly<Record<"left" | "right" | "above" | "below", number>>;
  private readonly at: number;
  private readonly to: number;
  private readonly counter: number;
  private readonly width: number;
  private readonly height: number;

  /** Pixels of a group: powers of two, the width a multiple of four. */
  constructor(locals: Locals, width: number, height: number) {
    const int = (): number => locals.int();
    [this.row, this.plane, this.window, this.across] = [int(), int(), int(), int()];
    [this.image, this.column, this.line] = [int(), int(), int()];
    [this.at, this.to, this.counter] = [int(), int(), int()];
    this.has = { left: int(), right: int(), above: int(), below: int() };
    [this.width, this.height] = [width, height];
    this.windowRow = FLOAT * (width + 4);
    this.windowBytes = this.windowRow * (height + 2);
  }

  /** What all groups share; the window is at that address. */
  read(window: Code): Code {
    const width: Code = [...word, ...i32(6), ...i32ShiftRightUnsigned, ...i32(16_383), ...i32And];
    return [
      ...assign(this.row, floats(width)),
      ...assign(this.plane, floats(field("queries"))),
      ...assign(this.across, divided(get(this.row), FLOAT * this.width)),
      ...assign(this.window, window),
    ];
  }

  /** How many there are in all images. */
  get count(): Code {
    return divided(product(field("batch"), field("queries")), this.width * this.height);
  }

  /** Goes to a group by its number among all. */
  open(index: Code): Code {
    const perImage = divided(field("queries"), this.width * this.height);
    const inImage = [...index, ...perImage, ...i32RemainderUnsigned];
    return [
      ...assign(this.image, [...index, ...perImage, ...i32DivideUnsigned]),
      ...assign(this.column, [...inImage, ...get(this.across), ...i32RemainderUnsigned]),
      ...assign(this.line, [...inImage, ...get(this.across), ...i32DivideUnsigned]),
    ];
  }

  /** Address of the group's first pixel in the first channel of a tensor with so many channels. */
  firstPixel(tensor: Code, channels: Code): Code {
    return sum(
      tensor,
      product(product(get(this.image), channels), get(this.plane)),
      product(product(get(this.line), i32(this.height)), get(this.row)),
      product(get(this.column), i32(FLOAT * this.width)),
    );
  }

  /** Looks where the image ends, and puts zeros into the window, which stay there. */
  frame(): Code {
    const { has, column, line, across } = this;
    const isPositive = (code: Code): Code => [...code, ...i32EqualsZero, ...i32EqualsZero];
    const isNotLast = (index: number, count: Code): Code => [
      ...[...sum(get(index), i32(1)), ...count, ...i32LessUnsigned],
    ];
    const lines: Code = [
      ...divided(field("queries"), this.width * this.height),
      ...[...get(across), ...i32DivideUnsigned],
    ];
    return [
      ...assign(has.left, isPositive(get(column))),
      ...assign(has.right, isNotLast(column, get(across))),
      ...assign(has.above, isPositive(get(line))),
      ...assign(has.below, isNotLast(line, lines)),
      ...Array.from({ length: this.windowBytes / VECTOR }, (_, i): Code => [
        ...[...get(this.window), ...zeros, ...storeVector(VECTOR * i)],
      ]).flat(),
    ];
  }

  /** The pixels that there are of one channel into the window. */
  copy(pixels: Code): Code {
    const { at, to, has, windowRow } = this;
    const vectors = Array.from({ length: this.width / 4 }, (_, i): Code => {
      const offset = FLOAT + VECTOR * i;
      return [...get(to), ...get(at), ...loadVector(offset), ...storeVector(offset)];
    });
    const single = (offset: number): Code => [
      ...[...get(to), ...get(at), ...loadSplat(offset), ...storeLane(0, offset)],
    ];
    const minus = (from: Code, bytes: Code): Code => [...from, ...bytes, ...i32Subtract];
    const first = sum(get(this.window), i32(windowRow));
    return [
      // From the pixel on the left, which there may not be.
      ...assign(at, minus(minus(pixels, i32(FLOAT)), product(get(has.above), get(this.row)))),
      ...assign(to, minus(first, product(get(has.above), i32(windowRow)))),
      ...times(
        this.counter,
        sum(i32(this.height), get(has.above), get(has.below)),
        ...vectors,
        [...get(has.left), ...when(single(0))],
        [...get(has.right), ...when(single(FLOAT * (this.width + 1)))],
        advance(at, get(this.row)),
        advance(to, i32(windowRow)),
      ),
    ];
  }
}

const divided = (code: Code, by: number): Code => [
  ...[...code, ...i32(Math.log2(by)), ...i32ShiftRightUnsigned],
];
