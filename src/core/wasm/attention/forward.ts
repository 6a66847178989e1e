/** @file Attention of one head: O = softmax(Q Kᵀ / √d) V, eight queries at a time against all keys. */
import {
  type Code,
  f32x4Multiply,
  get,
  i32,
  i32Add,
  i32ShiftLeft,
  i32ShiftRightUnsigned,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "../assemble.ts";
import type { Frame } from "./frame.ts";
import type { Packer } from "./pack.ts";
import type { Softmax } from "./softmax.ts";
import { ROW_BYTES, ROWS, type Tile } from "./tile.ts";

/** What the two passes share. */
export interface Parts {
  readonly frame: Frame;
  readonly tile: Tile;
  readonly softmax: Softmax;
  readonly pack: Packer;
  readonly locals: Locals;
}

/** A tile's numbers side by side, four of one position. */
const GROUPED = { apart: 4, numbers: i32(16), vectors: i32(ROW_BYTES) };

export const quarter = (local: number): Code => [
  ...get(local),
  ...i32(2),
  ...i32ShiftRightUnsigned,
];
export const eighth = (local: number): Code => [...get(local), ...i32(3), ...i32ShiftRightUnsigned];
/** Bytes of so many rows of a head, and of so many rows of a tile. */
export const headRows = (frame: Frame, rows: number): Code =>
  floats(product(get(rows), get(frame.size)));
export const tileRows = (rows: number): Code => [...get(rows), ...i32(5), ...i32ShiftLeft];

export function forward({ frame, tile, softmax, pack, locals }: Parts): Code {
  const [keys, values, queries, scores] = [0, 0, 0, 0].map(() => locals.int()) as [
    number,
    number,
    number,
    number,
  ];
  const [at, group, block, part] = [0, 0, 0, 0].map(() => locals.int()) as [
    number,
    number,
    number,
    number,
  ];
  const scoreScaled = (vector: number): Code => [
    ...[...get(vector), ...get(frame.scoreScale), ...f32x4Multiply],
  ];
  const rowBytes = floats(get(frame.size));

  return frame.eachHead(
    assign(keys, get(frame.scratch)),
    assign(values, sum(get(keys), headRows(frame, frame.padded))),
    assign(queries, sum(get(values), headRows(frame, frame.padded))),
    assign(scores, sum(get(queries), [...get(frame.size), ...i32(5), ...i32ShiftLeft])),
    pack.groups(
      frame.rows("keys"),
      { rows: frame.keys, padded: frame.padded },
      get(keys),
      scoreScaled,
    ),
    pack.copy(frame.rows("values"), get(frame.keys), { at: get(values), stride: rowBytes }),
    times(
      block,
      eighth(frame.queries),
      pack.columns(frame.rows("queries"), get(queries)),
      scoresOf(
        { tile, frame, group, at },
        { keys, queries, scores },
        (stored) => [...stored, ...tile.raise(softmax.maxima)],
        softmax.start(),
      ),
      softmax.run(get(scores), frame.keys, frame.padded),
      // Four numbers of every query's output at a time.
      assign(part, i32(0)),
      times(
        group,
        quarter(frame.size),
        assign(tile.numbers, sum(get(values), get(part))),
        assign(tile.vectors, get(scores)),
        tile.clear(),
        tile.multiply(get(frame.keys), { apart: 4, numbers: rowBytes, vectors: i32(ROW_BYTES) }),
        assign(at, [...frame.rows("output").at, ...get(part), ...i32Add]),
        tile.storeTransposed(at, frame.rows("output").stride, (sum, i) => [
          ...[...get(sum), ...get(softmax.sums[i]!), ...f32x4Multiply],
        ]),
        advance(part, i32(16)),
      ),
      frame.nextQueries(),
    ),
  );
}

/** Scores of eight queries against all keys, a tile of four keys at a time. */
export function scoresOf(
  { tile, frame, group, at }: Pick<Parts, "tile" | "frame"> & { group: number; at: number },
  { keys, queries, scores }: { keys: number; queries: number; scores: number },
  each: (stored: Code) => Code,
  before: Code = [],
): Code {
  return [
    ...before,
    ...assign(tile.numbers, get(keys)),
    ...assign(at, get(scores)),
    ...times(
      group,
      quarter(frame.padded),
      assign(tile.vectors, get(queries)),
      tile.clear(),
      tile.multiply(get(frame.size), GROUPED),
      each(tile.store(at)),
      advance(at, i32(ROWS * ROW_BYTES)),
    ),
  ];
}
