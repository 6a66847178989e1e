/** @file Rows of queries, keys and values brought into the order in which tiles read them. */
import {
  type Code,
  get,
  i32,
  i32And,
  i32LessUnsigned,
  i32ShiftRightUnsigned,
  i32ShiftLeft,
  i32Subtract,
  loadVector,
  select,
  set,
  storeLane,
  storeVector,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "../assemble.ts";
import { ROW_BYTES, WIDTH } from "./tile.ts";

/** Where rows are: an address, and bytes from one to the next. */
export interface Rows {
  readonly at: Code;
  readonly stride: Code;
}

export class Packer {
  private readonly from: number;
  private readonly to: number;
  private readonly row: number;
  private readonly column: number;
  private readonly vector: number;
  /** Numbers a row has, a multiple of 8: a head's size. */
  private readonly size: number;

  constructor(locals: Locals, size: number) {
    this.size = size;
    [this.from, this.to, this.row, this.column] = [0, 0, 0, 0].map(() => locals.int()) as [
      number,
      number,
      number,
      number,
    ];
    this.vector = locals.vector();
  }

  /**
   * [row][c] to [row / 4][c][4], as many rows as are wanted; of the last group's rows that there are not, the last row again.
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
              [...get(this.column), ...i32(2), ...i32ShiftRightUnsigned],
              [...get(this.size), ...i32(4), ...i32ShiftLeft],
            ),
            floats([...get(this.column), ...i32(3), ...i32And]),
          ),
        ),
        assign(this.from, sum(rows.at, product(smaller(get(this.column), last), rows.stride))),
        this.quarters(
          [...get(this.from), ...loadVector(0), ...set(this.vector)],
          [...scaled(this.vector), ...set(this.vector)],
          ...[0, 1, 2, 3].map((lane): Code => [
            ...[...get(this.to), ...get(this.vector), ...storeLane(lane, 16 * lane)],
          ]),
          advance(this.to, i32(64)),
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

  /** Rows copied, each vector of them as `scaled` has it. */
  copy(from: Rows, count: Code, to: Rows, scaled: (vector: number) => Code = get): Code {
    const target = this.to;
    return times(
      this.row,
      count,
      assign(
        this.from,
        sum(from.at, product([...get(this.row), ...i32(1), ...i32Subtract], from.stride)),
      ),
      assign(target, sum(to.at, product([...get(this.row), ...i32(1), ...i32Subtract], to.stride))),
      this.quarters(
        [...get(this.from), ...loadVector(0), ...set(this.vector)],
        [...get(target), ...scaled(this.vector), ...storeVector(0)],
        advance(target, i32(16)),
      ),
    );
  }

  /** The body for every four numbers of a row, `from` moving on. */
  private quarters(...body: Code[]): Code {
    return times(
      this.column,
      [...get(this.size), ...i32(2), ...i32ShiftRightUnsigned],
      ...body,
      advance(this.from, i32(16)),
    );
  }
}

/** The smaller of two numbers. */
const smaller = (a: Code, b: Code): Code => [...a, ...b, ...a, ...b, ...i32LessUnsigned, ...select];
