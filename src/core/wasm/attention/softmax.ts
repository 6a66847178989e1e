/** @file Probabilities of eight queries, a row of eight scores a key: 2^(score - maximum), and their sums. */
import {
  type Code,
  constant,
  f32x4Add,
  f32x4Divide,
  f32x4Subtract,
  get,
  i32,
  i32And,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  set,
  storeVector,
  when,
  zeros,
} from "../instructions.ts";
import { advance, assign, type Locals, times } from "../assemble.ts";
import { type Lane, ONE } from "../exp-code.ts";
import { powersOfTwo } from "../power-of-two.ts";
import { ROW_BYTES } from "./tile.ts";

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

  start(): Code {
    return this.maxima.flatMap((maximum) => [...constant(LOWEST_FLOAT), ...set(maximum)]);
  }

  /** Powers of two of so many rows in place; of the rows up to `padded`, zeros. Leaves 1 / sum in `sums`. */
  run(scores: Code, rows: number, padded: number): Code {
    const half = [...get(rows), ...i32(1), ...i32ShiftRightUnsigned];
    const odd = [...get(rows), ...i32(1), ...i32And];
    const rest = [...get(padded), ...get(rows), ...i32Subtract];
    return [
      ...assign(this.at, scores),
      ...this.sums.flatMap((sum) => [...zeros, ...set(sum)]),
      ...half,
      ...when(times(this.counter, half, this.rows(2))),
      ...odd,
      ...when(this.rows(1)),
      ...rest,
      ...when(
        times(
          this.counter,
          rest,
          ...[0, 16].map((offset): Code => [...get(this.at), ...zeros, ...storeVector(offset)]),
          advance(this.at, i32(ROW_BYTES)),
        ),
      ),
      ...this.sums.flatMap((sum) => [
        ...[...constant(ONE), ...get(sum), ...f32x4Divide, ...set(sum)],
      ]),
    ];
  }

  private rows(count: number): Code {
    const lanes = this.lanes.slice(0, 2 * count);
    return [
      ...lanes.flatMap(({ x }, i) => [
        ...[...get(this.at), ...loadVector(16 * i), ...get(this.maxima[i % 2]!)],
        ...[...f32x4Subtract, ...set(x)],
      ]),
      ...powersOfTwo(lanes, this.relaxed),
      ...lanes.flatMap(({ y }, i) => [
        ...[...get(this.at), ...get(y), ...storeVector(16 * i)],
        ...[...get(this.sums[i % 2]!), ...get(y), ...f32x4Add, ...set(this.sums[i % 2]!)],
      ]),
      ...advance(this.at, i32(ROW_BYTES * count)),
    ];
  }
}
