/**
 * @file The inner loop of everything in attention: numbers of some rows times two vectors, which lie side by side. Four
 * rows' eight sums leave room in the 15 vector registers that V8 hands out; where two vectors are one, eight rows' do.
 */
import {
  type Code,
  f32x4PseudoMaximum,
  get,
  i32,
  i32ShiftLeft,
  loadSplat,
  loadVector,
  set,
  shuffleFloats,
  storeVector,
  zeros,
} from "../instructions.ts";
import { advance, assign, type Locals, smaller, sum, times } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";

/** Rows of a tile that is transposed. */
const ROWS = 4;
/** Floats across: two vectors. */
export const WIDTH = 8;
/** Bytes of one row of a tile. */
export const ROW_BYTES = 4 * WIDTH;
export const ROW_SHIFT = 5;

interface Products {
  /** Bytes from the number of one row to that of the next. */
  readonly apart: number;
  /** Bytes to the next numbers, or code for them, and to the next two vectors. */
  readonly numbers: number | Code;
  readonly vectors: number;
}

interface TileOptions {
  readonly relaxed: boolean;
  readonly height?: number;
}

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
  readonly height: number;

  /** @param like a tile whose locals are used again */
  constructor(locals: Locals, { relaxed, height = ROWS }: TileOptions, like?: Tile) {
    this.relaxed = relaxed;
    this.height = height;
    this.numbers = like?.numbers ?? locals.int();
    this.vectors = like?.vectors ?? locals.int();
    this.counter = like?.counter ?? locals.int();
    this.sums = like?.sums.slice(0, 2 * height) ?? locals.vectors(2 * height);
    this.pair = like?.pair ?? locals.vectors(2);
    this.number = like?.number ?? locals.vector();
    this.turned = like?.turned ?? [
      ...([locals.vector(), locals.vector(), locals.vector(), locals.vector()] as const),
    ];
  }

  /** Whether two of its vectors are meant to be one. */
  get isWide(): boolean {
    return this.height > ROWS;
  }

  /** Bytes of the tile as it is stored. */
  get bytes(): number {
    return this.height * ROW_BYTES;
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

  /** What `store` wrote where `at` is. */
  load(at: number): Code {
    return this.sums.flatMap((sum, i) => [...get(at), ...loadVector(16 * i), ...set(sum)]);
  }

  /** Rows from where `at` is, which moves on by `stride` after each, but never past `last`. */
  loadRows(at: number, stride: Code, last: Code): Code {
    return Array.from({ length: this.height }, (_, row) => [
      ...[0, 1].flatMap((i) => [...get(at), ...loadVector(16 * i), ...set(this.sum(row, i))]),
      ...assign(at, smaller(sum(get(at), stride), last)),
    ]).flat();
  }

  /** sums[row] += number · vectors, so many times. */
  multiply(count: Code, products: Products): Code {
    return this.turns(count, 1, products);
  }

  /** The same so many times eight; a wide tile does eight in one turn of the loop. */
  multiplyEights(count: Code, products: Products & { readonly numbers: number }): Code {
    return this.isWide
      ? this.turns(count, 8, products)
      : this.turns([...count, ...i32(3), ...i32ShiftLeft], 1, products);
  }

  private turns(count: Code, steps: number, { apart, numbers, vectors }: Products): Code {
    const [a, b] = this.pair as [number, number];
    const apartNumbers = typeof numbers === "number" ? numbers : 0;
    const row = (r: number, at: number): Code => [
      ...[...get(this.numbers), ...loadSplat(at + apart * r), ...set(this.number)],
      ...[a, b].flatMap((vector, i) => {
        const sum = this.sum(r, i);
        return [...multiplyAdd(this.relaxed, get(this.number), get(vector), get(sum)), ...set(sum)];
      }),
    ];
    const step = (i: number): Code => [
      ...[...get(this.vectors), ...loadVector(i * vectors), ...set(a)],
      ...[...get(this.vectors), ...loadVector(i * vectors + 16), ...set(b)],
      ...Array.from({ length: this.height }, (_, r) => row(r, i * apartNumbers)).flat(),
    ];
    return times(
      this.counter,
      count,
      ...Array.from({ length: steps }, (_, i) => step(i)),
      advance(this.numbers, typeof numbers === "number" ? i32(steps * numbers) : numbers),
      advance(this.vectors, i32(steps * vectors)),
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
   * A tile of four rows transposed: column q becomes four floats where `at` is, which moves on by `stride`.
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
