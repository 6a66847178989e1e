/**
 * @file The inner loop of everything in attention: eight sums, four numbers times two vectors. Its loads and sums leave
 * room in the 15 vector registers that V8 hands out, and every step reads what lies side by side.
 */
import {
  type Code,
  f32x4PseudoMaximum,
  get,
  loadSplat,
  loadVector,
  set,
  shuffleFloats,
  storeVector,
  zeros,
} from "../instructions.ts";
import { advance, type Locals, times } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";

export const ROWS = 4;
/** Floats across: two vectors. */
export const WIDTH = 8;
/** Bytes of one row of a tile. */
export const ROW_BYTES = 4 * WIDTH;
export const ROW_SHIFT = 5;

export class Tile {
  /** Where the numbers are read, and the vectors; both move on. */
  readonly numbers: number;
  readonly vectors: number;
  private readonly counter: number;
  private readonly sums: readonly number[];
  private readonly pair: readonly number[];
  private readonly number: number;
  private readonly turned: readonly [number, number, number, number];
  private readonly relaxed: boolean;

  constructor(locals: Locals, relaxed: boolean) {
    this.relaxed = relaxed;
    this.numbers = locals.int();
    this.vectors = locals.int();
    this.counter = locals.int();
    this.sums = locals.vectors(2 * ROWS);
    this.pair = locals.vectors(2);
    this.number = locals.vector();
    this.turned = [locals.vector(), locals.vector(), locals.vector(), locals.vector()];
  }

  /** Vector i of a row's sums. */
  sum(row: number, i: number): number {
    return this.sums[2 * row + i]!;
  }

  clear(): Code {
    return this.start([zeros, zeros]);
  }

  /** Every row is what two vectors are. */
  start(halves: readonly Code[]): Code {
    return this.sums.flatMap((sum, i) => [...halves[i % 2]!, ...set(sum)]);
  }

  /** Rows from where `at` is, which moves on by `stride` after each. */
  load(at: number, stride: Code): Code {
    return Array.from({ length: ROWS }, (_, row) => [
      ...[0, 1].flatMap((i) => [...get(at), ...loadVector(16 * i), ...set(this.sum(row, i))]),
      ...advance(at, stride),
    ]).flat();
  }

  /**
   * sums[row] += number · vectors, so many times.
   * @param apart bytes from the number of one row to that of the next
   * @param step bytes to the next four numbers, to the next two vectors
   */
  multiply(
    count: Code,
    { apart, numbers, vectors }: { apart: number; numbers: Code; vectors: Code },
  ): Code {
    const [a, b] = this.pair as [number, number];
    const row = (r: number): Code => [
      ...[...get(this.numbers), ...loadSplat(apart * r), ...set(this.number)],
      ...[a, b].flatMap((vector, i) => {
        const sum = this.sum(r, i);
        return [...multiplyAdd(this.relaxed, get(this.number), get(vector), get(sum)), ...set(sum)];
      }),
    ];
    return times(
      this.counter,
      count,
      [...get(this.vectors), ...loadVector(0), ...set(a)],
      [...get(this.vectors), ...loadVector(16), ...set(b)],
      ...[0, 1, 2, 3].map(row),
      advance(this.numbers, numbers),
      advance(this.vectors, vectors),
    );
  }

  /** The tile's rows side by side where the address in `at` is. */
  store(at: number): Code {
    return this.sums.flatMap((sum, i) => [...get(at), ...get(sum), ...storeVector(16 * i)]);
  }

  /** The largest of each column, and of what is in the two locals. */
  raise(maxima: readonly number[]): Code {
    return this.sums.flatMap((sum, i) => {
      const maximum = maxima[i % 2]!;
      return [...get(maximum), ...get(sum), ...f32x4PseudoMaximum, ...set(maximum)];
    });
  }

  /**
   * The tile transposed: column q becomes four floats where `at` is, which moves on by `stride`.
   * @param scaled code for a sum as it is to be written
   * @param finished code for such four floats as they are to be written; `at` is where
   */
  storeTransposed(
    at: number,
    stride: Code,
    scaled: (sum: number, i: number) => Code,
    finished: (column: number) => Code = get,
  ): Code {
    return [
      ...this.sums.flatMap((sum, i) => [...scaled(sum, i % 2), ...set(sum)]),
      ...[0, 1].flatMap((half) => [
        ...this.transpose(half),
        ...[0, 1, 2, 3].flatMap((q) => [
          ...[...get(at), ...finished(this.sum(q, half)), ...storeVector(0)],
          ...advance(at, stride),
        ]),
      ]),
    ];
  }

  /** Four rows' vectors of one half become those of its four columns. */
  private transpose(half: number): Code {
    const rows = [0, 1, 2, 3].map((row) => this.sum(row, half)) as [number, number, number, number];
    const [a, b, c, d] = this.turned;
    const mixed = (
      to: number,
      one: number,
      other: number,
      ...order: Parameters<typeof shuffleFloats>
    ): Code => [...get(one), ...get(other), ...shuffleFloats(...order), ...set(to)];
    return [
      ...mixed(a, rows[0], rows[1], 0, 4, 1, 5),
      ...mixed(b, rows[0], rows[1], 2, 6, 3, 7),
      ...mixed(c, rows[2], rows[3], 0, 4, 1, 5),
      ...mixed(d, rows[2], rows[3], 2, 6, 3, 7),
      ...mixed(rows[0], a, c, 0, 1, 4, 5),
      ...mixed(rows[1], a, c, 2, 3, 6, 7),
      ...mixed(rows[2], b, d, 0, 1, 4, 5),
      ...mixed(rows[3], b, d, 2, 3, 6, 7),
    ];
  }
}
