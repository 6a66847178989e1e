/** @file Attention of one head: O = softmax(Q Kᵀ / √d) V, eight queries at a time against all keys. */
import {
  type Code,
  f32x4Multiply,
  get,
  i32,
  i32Add,
  i32And,
  i32EqualsZero,
  i32ShiftLeft,
  i32ShiftRightUnsigned,
  whenElse,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "../assemble.ts";
import type { Bounded } from "./bounded.ts";
import type { Frame } from "./frame.ts";
import type { Packer } from "./pack.ts";
import type { Softmax } from "./softmax.ts";
import { ROW_BYTES, ROW_SHIFT, ROWS, type Tile } from "./tile.ts";

/** What the two passes share. */
export interface Parts {
  readonly frame: Frame;
  readonly tile: Tile;
  readonly softmax: Softmax;
  readonly bounded: Bounded;
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
export const tileRows = (rows: number): Code => [...get(rows), ...i32(ROW_SHIFT), ...i32ShiftLeft];

export function forward(parts: Parts): Code {
  const { frame, softmax, bounded, pack, locals } = parts;
  const [keys, values, queries, scores] = [0, 0, 0, 0].map(() => locals.int()) as [
    number,
    number,
    number,
    number,
  ];
  const [at, group, block, part, mask] = [0, 0, 0, 0, 0].map(() => locals.int()) as [
    ...[number, number, number],
    ...[number, number],
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
    bounded.measureKeys(get(keys), quarter(frame.padded), get(frame.size)),
    pack.copy(frame.rows("values"), get(frame.keys), { at: get(values), stride: rowBytes }),
    times(
      block,
      eighth(frame.queries),
      pack.columns(frame.rows("queries"), get(queries)),
      probabilitiesOf(parts, { group, at, mask }, { keys, queries, scores }),
      sumOverKeys(parts, { part, group, at }, { rows: values, factors: scores }, (sum, i) => [
        ...[...get(sum), ...get(softmax.sums[i]!), ...f32x4Multiply],
      ]),
      frame.nextQueries(),
    ),
  );
}

/**
 * Scores of eight queries against all keys, a tile of four keys at a time.
 * @param start what the tile begins with
 */
export function scoresOf(
  { tile, frame, group, at }: Pick<Parts, "tile" | "frame"> & { group: number; at: number },
  { keys, queries, scores }: { keys: number; queries: number; scores: number },
  each: (stored: Code) => Code,
  start: Code = tile.clear(),
): Code {
  return [
    ...assign(tile.numbers, get(keys)),
    ...assign(at, get(scores)),
    ...times(
      group,
      quarter(frame.padded),
      assign(tile.vectors, get(queries)),
      start,
      tile.multiply(get(frame.size), GROUPED),
      each(tile.store(at)),
      advance(at, i32(ROWS * ROW_BYTES)),
    ),
  ];
}

/** Powers of two in place of the scores of eight queries, and what they are to be multiplied by in the softmax's sums. */
export function probabilitiesOf(
  { tile, frame, softmax, bounded }: Parts,
  { mask, ...counters }: { group: number; at: number; mask: number },
  places: { keys: number; queries: number; scores: number },
): Code {
  const shared = { tile, frame, ...counters };
  const scores = get(places.scores);
  const begin = [
    ...get(frame.masked),
    ...whenElse(tile.load(mask, floats(get(frame.queries))), tile.clear()),
  ];
  const small = scoresOf(shared, places, (stored) => [...softmax.ofSmall(tile), ...stored]);
  const any = [
    ...softmax.start(),
    ...assign(mask, get(frame.mask)),
    ...scoresOf(shared, places, (stored) => [...stored, ...tile.raise(softmax.maxima)], begin),
    ...softmax.run(scores, frame.padded),
  ];
  return [
    ...softmax.clear(),
    ...bounded.isSmall(get(places.queries), get(frame.size)),
    ...[...get(frame.masked), ...i32EqualsZero, ...i32And],
    ...whenElse(small, any),
    ...softmax.withoutPadding(scores, frame.keys, frame.padded),
    ...softmax.invert(),
  ];
}

/** The output's rows of eight queries: the sum over the keys of a factor times a row of `rows`, four numbers at a time. */
export function sumOverKeys(
  { tile, frame }: Parts,
  { part, group, at }: { part: number; group: number; at: number },
  { rows, factors }: { rows: number; factors: number },
  scaled: (sum: number, i: number) => Code,
): Code {
  const rowBytes = floats(get(frame.size));
  const { at: output, stride } = frame.rows("output");
  return [
    ...assign(part, i32(0)),
    ...times(
      group,
      quarter(frame.size),
      assign(tile.numbers, sum(get(rows), get(part))),
      assign(tile.vectors, get(factors)),
      tile.clear(),
      tile.multiply(get(frame.keys), { apart: 4, numbers: rowBytes, vectors: i32(ROW_BYTES) }),
      assign(at, [...output, ...get(part), ...i32Add]),
      tile.storeTransposed(at, stride, scaled),
      advance(part, i32(16)),
    ),
  ];
}
