/**
 * @file Bᵀ d B of the inputs: of one channel and two by two tiles at a time, which are 10 x 10 pixels with those around. The four
 * tiles are the four lanes, so that what products read lies side by side: [36 points][groups of tiles][channels][4 tiles].
 */
import { POINTS } from "../../convolution/winograd.ts";
import {
  type Code,
  get,
  i32,
  i32Subtract,
  loadSplat,
  loadVector,
  set,
  shuffleFloats,
  storeLane,
  storeVector,
  when,
  zeros,
} from "../instructions.ts";
import { advance, assign, type Locals, product, sum, times } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";
import { four } from "./four.ts";

/** Rows that are read, and floats a row is kept as: ten pixels, and two that nobody reads. */
const ROWS = 10;
const ROW_BYTES = 4 * 12;
/** Where a tile row's transformed columns are kept: behind the pixels, six rows each. */
const COLUMNS = ROWS * ROW_BYTES;
export const INPUT_BYTES = COLUMNS + 2 * POINTS * ROW_BYTES;

/** What has been worked out of the image's place. */
export interface Window {
  /** Scratch of INPUT_BYTES. */
  readonly scratch: number;
  /** Of the first of the 8 x 8 pixels, of the channel in turn. */
  readonly pixels: number;
  /** Bytes from row to row. */
  readonly row: number;
  /** Whether there is a pixel above, below, on the left, on the right. */
  readonly has: Readonly<Record<"above" | "below" | "left" | "right", number>>;
}

export class InputTransform {
  private readonly at: number;
  private readonly to: number;
  private readonly counter: number;
  private readonly d: readonly number[];
  private readonly t: readonly number[];
  private readonly even: number;
  private readonly odd: number;
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.at = locals.int();
    this.to = locals.int();
    this.counter = locals.int();
    this.d = locals.vectors(POINTS);
    this.t = locals.vectors(POINTS);
    this.even = locals.vector();
    this.odd = locals.vector();
  }

  /** Zeros where there are no pixels; they stay as long as the window does. */
  clear({ scratch }: Window): Code {
    return Array.from({ length: COLUMNS / 16 }, (_, i): Code => [
      ...[...get(scratch), ...zeros, ...storeVector(16 * i)],
    ]).flat();
  }

  /** The channel's numbers where `output` is, `stride` bytes from one point to the next. */
  channel(window: Window, output: Code, stride: Code): Code {
    const { scratch } = window;
    const vector = (row: number, i: number): Code => [
      ...get(scratch),
      ...loadVector(row * ROW_BYTES + 16 * i),
    ];
    const keep = (tileRow: number, i: number): Code[] =>
      this.t.map((value, point) => [
        ...[...get(scratch), ...get(value)],
        ...storeVector(COLUMNS + (tileRow * POINTS + point) * ROW_BYTES + 16 * i),
      ]);
    const columns = [0, 1].flatMap((tileRow) =>
      [0, 1, 2].flatMap((i): Code => [
        ...this.d.flatMap((d, row) => [...vector(4 * tileRow + row, i), ...set(d)]),
        ...this.transform(),
        ...keep(tileRow, i).flat(),
      ]),
    );
    const rows = Array.from({ length: POINTS }, (_, point): Code => [
      ...this.lanes(scratch, point),
      ...this.transform(),
      ...this.t.flatMap((value) => [
        ...[...get(this.to), ...get(value), ...storeVector(0)],
        ...advance(this.to, stride),
      ]),
    ]).flat();
    return [...this.copy(window), ...columns, ...assign(this.to, output), ...rows];
  }

  /** The pixels that there are, each to its place. */
  private copy({ scratch, pixels, row, has }: Window): Code {
    const { at, to } = this;
    const four = (offset: number): Code => [
      ...[...get(to), ...get(at), ...loadVector(offset), ...storeVector(offset)],
    ];
    const one = (offset: number): Code => [
      ...[...get(to), ...get(at), ...loadSplat(offset), ...storeLane(0, offset)],
    ];
    const back = (from: Code, bytes: Code): Code => [...from, ...bytes, ...i32Subtract];
    return [
      // From the pixel on the left, which there may not be.
      ...assign(at, back(back(get(pixels), i32(4)), product(get(has.above), get(row)))),
      ...assign(
        to,
        back(sum(get(scratch), i32(ROW_BYTES)), product(get(has.above), i32(ROW_BYTES))),
      ),
      ...times(
        this.counter,
        sum(i32(8), get(has.above), get(has.below)),
        [...four(4), ...four(20)],
        [...get(has.left), ...when(one(0))],
        [...get(has.right), ...when(one(36))],
        advance(at, get(row)),
        advance(to, i32(ROW_BYTES)),
      ),
    ];
  }

  /** d = columns 0 to 5 of the four tiles, a tile a lane, out of two rows of ten. */
  private lanes(scratch: number, point: number): Code {
    const { d, t } = this;
    const [a0, a1, b0, b1, a, b] = t as Six;
    const load = (tileRow: number, i: number): Code => [
      ...get(scratch),
      ...loadVector(COLUMNS + (tileRow * POINTS + point) * ROW_BYTES + 16 * i),
    ];
    const firsts = (x: number, y: Code): Code => [...get(x), ...y, ...shuffleFloats(0, 4, 1, 5)];
    const lasts = (x: number, y: Code): Code => [...get(x), ...y, ...shuffleFloats(2, 6, 3, 7)];
    const joined = (x: number, y: number, at: number): Code => [
      ...[...get(x), ...get(y), ...shuffleFloats(0, 1, 4, 5), ...set(d[at]!)],
      ...[...get(x), ...get(y), ...shuffleFloats(2, 3, 6, 7), ...set(d[at + 1]!)],
    ];
    return [
      ...[...load(0, 0), ...set(a0), ...load(0, 1), ...set(a1)],
      ...[...load(1, 0), ...set(b0), ...load(1, 1), ...set(b1)],
      ...[...firsts(a0, get(a1)), ...set(a), ...firsts(b0, get(b1)), ...set(b)],
      ...joined(a, b, 0),
      ...[...lasts(a0, get(a1)), ...set(a), ...lasts(b0, get(b1)), ...set(b)],
      ...joined(a, b, 2),
      ...[...firsts(a1, load(0, 2)), ...set(a), ...firsts(b1, load(1, 2)), ...set(b)],
      ...joined(a, b, 4),
    ];
  }

  /** t = Bᵀ d, of every lane: 12 multiplications with additions. */
  private transform(): Code {
    const { relaxed, even, odd } = this;
    const [d0, d1, d2, d3, d4, d5] = this.d.map(get) as SixCodes;
    const [t0, t1, t2, t3, t4, t5] = this.t as Six;
    const plus = (factor: number, x: Code, to: Code): Code =>
      multiplyAdd(relaxed, four(factor), x, to);
    /** even ± factor · odd, where both have -square of their second number. */
    const pair = (square: number, factor: number, first: number, second: number): Code => [
      ...[...plus(-square, d2, d4), ...set(even), ...plus(-square, d1, d3), ...set(odd)],
      ...[...plus(factor, get(odd), get(even)), ...set(first)],
      ...[...plus(-factor, get(odd), get(even)), ...set(second)],
    ];
    return [
      ...[...plus(81 / 64, d0, plus(-45 / 16, d2, d4)), ...set(t0)],
      ...pair(9 / 4, 3 / 4, t1, t2),
      ...pair(9 / 16, 3 / 2, t3, t4),
      ...[...plus(81 / 64, d1, plus(-45 / 16, d3, d5)), ...set(t5)],
    ];
  }
}

type Six = [number, number, number, number, number, number];
type SixCodes = [Code, Code, Code, Code, Code, Code];
