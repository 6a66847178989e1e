/**
 * @file Bᵀ d B of the inputs: of one channel and two by two tiles at a time, which are 10 x 10 pixels with those around. The four
 * tiles are the four lanes, so that what products read lies side by side: [36 points][groups of tiles][channels][4 tiles].
 */
import { POINTS } from "../../convolution/winograd.ts";
import { type Code, get, loadVector, set, shuffleFloats, storeVector } from "../instructions.ts";
import { advance, assign, type Locals } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";
import { four } from "./four.ts";

/** Bytes of ten pixels, and of two that nobody reads; of the six rows of two rows of tiles that are kept so. */
const ROW_BYTES = 4 * 12;
export const COLUMNS_BYTES = 2 * POINTS * ROW_BYTES;

export class InputTransform {
  private readonly to: number;
  private readonly d: readonly number[];
  private readonly t: readonly number[];
  private readonly even: number;
  private readonly odd: number;
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.to = locals.int();
    this.d = locals.vectors(POINTS);
    this.t = locals.vectors(POINTS);
    this.even = locals.vector();
    this.odd = locals.vector();
  }

  /**
   * @param window address of 10 x 10 pixels
   * @param columns address of COLUMNS_BYTES to keep columns in
   * @param output address of the first point's numbers, the others' `stride` bytes apart
   */
  channel(window: Code, columns: Code, output: Code, stride: Code): Code {
    const down = [0, 1].flatMap((tileRow) =>
      [0, 1, 2].flatMap((i): Code => [
        ...this.d.flatMap((d, row) => [
          ...[...window, ...loadVector((4 * tileRow + row) * ROW_BYTES + 16 * i), ...set(d)],
        ]),
        ...this.transform(),
        ...this.t.flatMap((value, point) => [
          ...[...columns, ...get(value), ...storeVector(kept(tileRow, point, i))],
        ]),
      ]),
    );
    const across = Array.from({ length: POINTS }, (_, point): Code => [
      ...this.lanes(columns, point),
      ...this.transform(),
      ...this.t.flatMap((value) => [
        ...[...get(this.to), ...get(value), ...storeVector(0)],
        ...advance(this.to, stride),
      ]),
    ]).flat();
    return [...down, ...assign(this.to, output), ...across];
  }

  /** d = columns 0 to 5 of the four tiles, a tile a lane, out of two rows of ten. */
  private lanes(columns: Code, point: number): Code {
    const { d, t } = this;
    const [a0, a1, b0, b1, a, b] = t as Six;
    const load = (tileRow: number, i: number): Code => [
      ...[...columns, ...loadVector(kept(tileRow, point, i))],
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

/** Where a vector of a tile row's columns is kept. */
const kept = (tileRow: number, point: number, i: number): number =>
  (tileRow * POINTS + point) * ROW_BYTES + 16 * i;

type Six = [number, number, number, number, number, number];
type SixCodes = [Code, Code, Code, Code, Code, Code];
