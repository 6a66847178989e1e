/**
 * @file Whether eight queries' scores are small enough for powers of two as they are: |q · k| ≤ |q| |k|, so that the
 * longest of eight queries and the longest key say it before any score is computed. No maximum is then needed, and none
 * is subtracted: 2^±60 and sums of them stay far from the ends of a float.
 */
import {
  allTrue,
  type Code,
  f32x4Add,
  f32x4LessThan,
  f32x4Multiply,
  f32x4PseudoMaximum,
  constant,
  get,
  i32,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  set,
  shuffleFloats,
  zeros,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, times } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";
import type { Rows } from "./pack.ts";
import { ROW_BYTES } from "./tile.ts";

/** (60 · 2^23)², what the product of two squared lengths is to stay below. */
const LIMIT = 0x5c610000;
export class Bounded {
  /** Squared length of the longest key, four times. */
  private readonly longest: number;
  private readonly squares: readonly number[];
  private readonly at: number;
  private readonly channel: number;
  private readonly row: number;
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.longest = locals.vector();
    this.squares = locals.vectors(2);
    [this.at, this.channel, this.row] = [locals.int(), locals.int(), locals.int()];
  }

  /**
   * Looks at so many keys of a head.
   * @param scale local of what they are multiplied by
   */
  measureKeys(keys: Rows, { rows, size, scale }: Record<"rows" | "size" | "scale", number>): Code {
    const { longest } = this;
    const [square = 0] = this.squares;
    const together = (...order: readonly [number, number, number, number]): Code => [
      ...[...get(square), ...get(square), ...get(square), ...shuffleFloats(...order)],
      ...[...f32x4Add, ...set(square)],
    ];
    const vectors = [...get(size), ...i32(2), ...i32ShiftRightUnsigned];
    return [
      ...[...zeros, ...set(longest)],
      ...assign(this.at, keys.at),
      ...times(
        this.row,
        get(rows),
        this.squaresOf([square], vectors, 16),
        together(2, 3, 0, 1),
        together(1, 0, 3, 2),
        [...get(longest), ...get(square), ...f32x4PseudoMaximum, ...set(longest)],
        advance(this.at, [...keys.stride, ...floats(get(size)), ...i32Subtract]),
      ),
      ...[...get(longest), ...get(scale), ...f32x4Multiply],
      ...[...get(scale), ...f32x4Multiply, ...set(longest)],
    ];
  }

  /** 1 where no score of eight queries [size][8] can be large. */
  isSmall(queries: Code, size: Code): Code {
    const [first = 0, second = 0] = this.squares;
    return [
      ...assign(this.at, queries),
      ...this.squaresOf(this.squares, size, ROW_BYTES),
      ...[...get(first), ...get(second), ...f32x4PseudoMaximum],
      ...[...get(this.longest), ...f32x4Multiply, ...constant(LIMIT), ...f32x4LessThan, ...allTrue],
    ];
  }

  /** Sums of the squares of so many vectors, or pairs of them; `at` moves on. */
  private squaresOf(sums: readonly number[], count: Code, bytes: number): Code {
    return [
      ...sums.flatMap((sum) => [...zeros, ...set(sum)]),
      ...times(
        this.channel,
        count,
        ...sums.map((sum, i): Code => {
          const number: Code = [...get(this.at), ...loadVector(16 * i)];
          return [...multiplyAdd(this.relaxed, number, number, get(sum)), ...set(sum)];
        }),
        advance(this.at, i32(bytes)),
      ),
    ];
  }
}
