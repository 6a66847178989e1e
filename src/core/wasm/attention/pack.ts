/** @file Rows of queries, keys and values brought into the order in which tiles read them. */
import {
  type Code,
  get,
  i32,
  i32DivideUnsigned,
  i32RemainderUnsigned,
  i32ShiftRightUnsigned,
  i32Subtract,
  loadVector,
  set,
  storeLane,
  storeVector,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, smaller, sum, times } from "../assemble.ts";
import { ROW_BYTES, WIDTH } from "./tile.ts";

/** Where rows are: an address, and bytes from one to the next. */
export interface Rows {
  readonly at: Code;
  readonly stride: Code;
}

/** Rows of which eight numbers each lie together, and so many bytes further the next eight. */
export interface Eights extends Rows {
  readonly apart: Code;
}

/** The eights of rows as they are. */
export const inRows = (rows: Rows): Eights => ({ ...rows, apart: i32(ROW_BYTES) });
/** [size / 8][count][8]. */
export const inEights = (at: Code, count: Code): Eights => ({
  at,
  stride: i32(ROW_BYTES),
  apart: product(count, i32(ROW_BYTES)),
});

export class Packer {
  private readonly from: number;
  private readonly to: number;
  private readonly row: number;
  private readonly column: number;
  private readonly vector: number;
  private readonly eight: number;
  private readonly eights: number;
  /** Numbers a row has, a multiple of 8: a head's size. */
  private readonly size: number;
  /** Rows of a group: as many as a tile has. */
  private readonly height: number;

  constructor(locals: Locals, size: number, height: number) {
    this.size = size;
    this.height = height;
    [this.from, this.to, this.row, this.column] = [0, 0, 0, 0].map(() => locals.int()) as [
      number,
      number,
      number,
      number,
    ];
    this.vector = locals.vector();
    [this.eight, this.eights] = [locals.int(), locals.int()];
  }

  /**
   * [row][c] to [row / height][c][height], as many rows as are wanted; of the last group's rows that there are not, the last row again.
   * @param scaled code for a vector of a row as it is to be written
   */
  groups(
    rows: Rows,
    counts: { rows: number; padded: number },
    to: Code,
    scaled: (vector: number) => Code,
  ): Code {
    const index = this.row;
    const last = [...get(counts.rows), ...i32(1), ...i32Subtract];
    return [
      // From the last row to the first.
      ...times(
        index,
        get(counts.padded),
        assign(this.column, [...get(index), ...i32(1), ...i32Subtract]),
        assign(
          this.to,
          sum(
            to,
            product(
              [...get(this.column), ...i32(this.height), ...i32DivideUnsigned],
              product(get(this.size), i32(4 * this.height)),
            ),
            floats([...get(this.column), ...i32(this.height), ...i32RemainderUnsigned]),
          ),
        ),
        assign(this.from, sum(rows.at, product(smaller(get(this.column), last), rows.stride))),
        this.quarters(
          [...get(this.from), ...loadVector(0), ...set(this.vector)],
          [...scaled(this.vector), ...set(this.vector)],
          ...[0, 1, 2, 3].map((lane): Code => [
            ...[...get(this.to), ...get(this.vector), ...storeLane(lane, 4 * this.height * lane)],
          ]),
          advance(this.to, i32(16 * this.height)),
        ),
      ),
    ];
  }

  /** Eight rows [q][c] to [c][8]. */
  columns(rows: Rows, to: Code): Code {
    return [
      ...times(
        this.row,
        i32(WIDTH),
        assign(this.to, sum(to, floats([...get(this.row), ...i32(1), ...i32Subtract]))),
        assign(
          this.from,
          sum(rows.at, product([...get(this.row), ...i32(1), ...i32Subtract], rows.stride)),
        ),
        this.quarters(
          [...get(this.from), ...loadVector(0), ...set(this.vector)],
          ...[0, 1, 2, 3].map((lane): Code => [
            ...[...get(this.to), ...get(this.vector), ...storeLane(lane, ROW_BYTES * lane)],
          ]),
          advance(this.to, i32(4 * ROW_BYTES)),
        ),
      ),
    ];
  }

  /**
   * Rows copied, each vector of them as `scaled` has it.
   * @param size numbers of a row, a multiple of four
   */
  copy(
    from: Rows,
    count: Code,
    to: Rows,
    scaled: (vector: number) => Code = get,
    size = get(this.size),
  ): Code {
    const target = this.to;
    return times(
      this.row,
      count,
      assign(
        this.from,
        sum(from.at, product([...get(this.row), ...i32(1), ...i32Subtract], from.stride)),
      ),
      assign(target, sum(to.at, product([...get(this.row), ...i32(1), ...i32Subtract], to.stride))),
      this.quartersOf(
        size,
        [...get(this.from), ...loadVector(0), ...set(this.vector)],
        [...get(target), ...scaled(this.vector), ...storeVector(0)],
        advance(target, i32(16)),
      ),
    );
  }

  /** Rows copied eight numbers at a time, to where or from where those lie apart. */
  copyEights(from: Eights, count: Code, to: Eights, scaled: (vector: number) => Code = get): Code {
    const nth = ({ at, stride, apart }: Eights): Rows => ({
      at: sum(at, product(get(this.eight), apart)),
      stride,
    });
    return [
      ...assign(this.eight, i32(0)),
      ...times(
        this.eights,
        [...get(this.size), ...i32(3), ...i32ShiftRightUnsigned],
        this.copy(nth(from), count, nth(to), scaled, i32(WIDTH)),
        advance(this.eight, i32(1)),
      ),
    ];
  }

  /** The body for every four numbers of a row, `from` moving on. */
  private quarters(...body: Code[]): Code {
    return this.quartersOf(get(this.size), ...body);
  }

  private quartersOf(size: Code, ...body: Code[]): Code {
    return times(
      this.column,
      [...size, ...i32(2), ...i32ShiftRightUnsigned],
      ...body,
      advance(this.from, i32(16)),
    );
  }
}
