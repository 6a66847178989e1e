/**
 * @file Probabilities of eight queries, a row of eight scores a key, up to a factor: 2^(score - maximum), or 2^score where
 * scores are small, and their sums.
 */
import {
  type Code,
  constant,
  f32x4Add,
  f32x4Divide,
  f32x4Subtract,
  get,
  i32,
  i32ShiftLeft,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  set,
  storeVector,
  when,
  zeros,
} from "../instructions.ts";
import { advance, assign, type Locals, sum, times } from "../assemble.ts";
import { type Lane, ONE } from "../exp-code.ts";
import { powersOfAnyScores, powersOfScores } from "../power-of-two.ts";
import { ROW_BYTES, ROW_SHIFT, type Tile } from "./tile.ts";

/** Below every score. */
const LOWEST_FLOAT = 0xff7fffff;

export class Softmax {
  /** Of each query; two vectors each. */
  readonly maxima: readonly number[];
  /** Sums of the exponentials, and then what they are to be multiplied by. */
  readonly sums: readonly number[];
  private readonly lanes: readonly Lane[];
  private readonly at: number;
  private readonly counter: number;
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.maxima = locals.vectors(2);
    this.sums = locals.vectors(2);
    this.lanes = [0, 1, 2, 3].map(() => ({
      x: locals.vector(),
      n: locals.vector(),
      y: locals.vector(),
    }));
    this.at = locals.int();
    this.counter = locals.int();
  }

  clear(): Code {
    return this.sums.flatMap((sum) => [...zeros, ...set(sum)]);
  }

  start(): Code {
    return this.maxima.flatMap((maximum) => [...constant(LOWEST_FLOAT), ...set(maximum)]);
  }

  /** Powers of two of so many rows in place, an even number of them, less the maxima. */
  run(scores: Code, rows: number): Code {
    return [
      ...assign(this.at, scores),
      ...times(
        this.counter,
        [...get(rows), ...i32(1), ...i32ShiftRightUnsigned],
        this.lanes.flatMap(({ x }, i) => [
          ...[...get(this.at), ...loadVector(16 * i), ...get(this.maxima[i % 2]!)],
          ...[...f32x4Subtract, ...set(x)],
        ]),
        powersOfAnyScores(this.lanes, this.relaxed),
        this.lanes.flatMap(({ y }, i) => [
          ...[...get(this.at), ...get(y), ...storeVector(16 * i)],
          ...this.count(y, i % 2),
        ]),
        advance(this.at, i32(2 * ROW_BYTES)),
      ),
    ];
  }

  /** Powers of two of a tile of scores that are known to be small. */
  ofSmall(tile: Tile): Code {
    const pairs = Array.from({ length: tile.height }, (_, row) =>
      [0, 1].map((i) => ({ ...this.lanes[i]!, x: tile.sum(row, i) })),
    );
    return pairs.flatMap((lanes) => [
      ...powersOfScores(lanes, this.relaxed),
      ...lanes.flatMap(({ x, y }, i) => [...get(y), ...set(x), ...this.count(x, i)]),
    ]);
  }

  /** Takes back the rows after `rows`, up to `padded`: zeros in their place. */
  withoutPadding(scores: Code, rows: number, padded: number): Code {
    const rest = [...get(padded), ...get(rows), ...i32Subtract];
    return [
      ...rest,
      ...when(
        assign(this.at, sum(scores, [...get(rows), ...i32(ROW_SHIFT), ...i32ShiftLeft])),
        times(
          this.counter,
          rest,
          ...this.sums.map((total, i): Code => [
            ...[...get(total), ...get(this.at), ...loadVector(16 * i), ...f32x4Subtract],
            ...[...set(total), ...get(this.at), ...zeros, ...storeVector(16 * i)],
          ]),
          advance(this.at, i32(ROW_BYTES)),
        ),
      ),
    ];
  }

  /** The sums become what probabilities are multiplied by. */
  invert(): Code {
    return this.sums.flatMap((total) => [
      ...[...constant(ONE), ...get(total), ...f32x4Divide, ...set(total)],
    ]);
  }

  private count(vector: number, i: number): Code {
    const total = this.sums[i]!;
    return [...get(total), ...get(vector), ...f32x4Add, ...set(total)];
  }
}
