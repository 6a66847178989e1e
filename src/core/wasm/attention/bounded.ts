/**
 * @file Whether eight queries' scores are small enough for powers of two as they are: |q · k| ≤ |q| |k|, so that the
 * longest of eight queries and the longest key say it before any score is computed. No maximum is then needed, and none
 * is subtracted: 2^±60 and sums of them stay far from the ends of a float.
 */
import {
  allTrue,
  type Code,
  f32x4LessThan,
  f32x4Multiply,
  f32x4PseudoMaximum,
  constant,
  get,
  i32,
  loadVector,
  set,
  shuffleFloats,
  zeros,
} from "../instructions.ts";
import { advance, assign, type Locals, times } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";
import { ROW_BYTES } from "./tile.ts";

/** (60 · 2^23)², what the product of two squared lengths is to stay below. */
const LIMIT = 0x5c610000;
/** Bytes of four positions' numbers of one channel. */
const GROUP_BYTES = 16;

export class Bounded {
  /** Squared length of the longest key, four times. */
  private readonly longest: number;
  private readonly squares: readonly number[];
  private readonly at: number;
  private readonly channel: number;
  private readonly group: number;
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.longest = locals.vector();
    this.squares = locals.vectors(2);
    [this.at, this.channel, this.group] = [locals.int(), locals.int(), locals.int()];
  }

  /** Looks at all keys of a head: so many groups of [size][4], as they are multiplied with. */
  measureKeys(keys: Code, groups: Code, size: Code): Code {
    const { longest } = this;
    const [square = 0] = this.squares;
    const larger = (...order: readonly [number, number, number, number]): Code => [
      ...[...get(longest), ...get(longest), ...get(longest), ...shuffleFloats(...order)],
      ...[...f32x4PseudoMaximum, ...set(longest)],
    ];
    return [
      ...[...zeros, ...set(longest)],
      ...assign(this.at, keys),
      ...times(this.group, groups, this.squaresOf([square], size, GROUP_BYTES), [
        ...get(longest),
        ...get(square),
        ...f32x4PseudoMaximum,
        ...set(longest),
      ]),
      ...larger(2, 3, 0, 1),
      ...larger(1, 0, 3, 2),
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

  /** Sums of squares over the channels; `at` moves on. */
  private squaresOf(sums: readonly number[], size: Code, bytes: number): Code {
    return [
      ...sums.flatMap((sum) => [...zeros, ...set(sum)]),
      ...times(
        this.channel,
        size,
        ...sums.map((sum, i): Code => {
          const number: Code = [...get(this.at), ...loadVector(16 * i)];
          return [...multiplyAdd(this.relaxed, number, number, get(sum)), ...set(sum)];
        }),
        advance(this.at, i32(bytes)),
      ),
    ];
  }
}
