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
  i32Subtract,
  whenElse,
} from "../instructions.ts";
import { advance, assign, floats, type Locals, product, sum, times } from "../assemble.ts";
import type { Bounded } from "./bounded.ts";
import type { Frame } from "./frame.ts";
import type { Packer } from "./pack.ts";
import type { Softmax } from "./softmax.ts";
import { ROW_BYTES, ROW_SHIFT, type Tile } from "./tile.ts";

/** What the two passes share. */
export interface Parts {
  readonly frame: Frame;
  readonly tile: Tile;
  /** Four rows of the same one, which can be transposed. */
  readonly square: Tile;
  readonly softmax: Softmax;
  readonly bounded: Bounded;
  readonly pack: Packer;
  readonly locals: Locals;
}

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
  const { frame, softmax, pack, locals } = parts;
  const [keys, values, queries, scores] = [0, 0, 0, 0].map(() => locals.int()) as [
    number,
    number,
    number,
    number,
  ];
  const [at, group, block, part, mask, lastMask] = [0, 0, 0, 0, 0, 0].map(() => locals.int()) as [
    ...[number, number, number],
    ...[number, number, number],
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
    keysMeasured(parts),
    pack.copy(frame.rows("values"), get(frame.keys), { at: get(values), stride: rowBytes }),
    times(
      block,
      eighth(frame.queries),
      pack.columns(frame.rows("queries"), get(queries)),
      probabilitiesOf(parts, { group, at, mask, lastMask }, { keys, queries, scores }),
      sumOverKeys(
        parts,
        { part, group, at, turned: queries },
        { rows: values, factors: scores },
        (sum, i) => [...[...get(sum), ...get(softmax.sums[i]!), ...f32x4Multiply]],
      ),
      frame.nextQueries(),
    ),
  );
}

/** Whether scores can be large, as far as keys say it. */
export function keysMeasured({ bounded, frame }: Parts): Code {
  const { keys: rows, size, scoreScale: scale } = frame;
  return bounded.measureKeys(frame.rows("keys"), { rows, size, scale });
}

/**
 * Scores of eight queries against all keys, a tile of keys at a time.
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
      frame.keyTiles,
      assign(tile.vectors, get(queries)),
      start,
      // A tile's numbers lie side by side.
      tile.multiplyEights(eighth(frame.size), {
        apart: 4,
        numbers: 4 * tile.height,
        vectors: ROW_BYTES,
      }),
      each(tile.store(at)),
      advance(at, i32(tile.bytes)),
    ),
  ];
}

/** Powers of two in place of the scores of eight queries, and what they are to be multiplied by in the softmax's sums. */
export function probabilitiesOf(
  { tile, frame, softmax, bounded }: Parts,
  { mask, lastMask, ...counters }: Record<"group" | "at" | "mask" | "lastMask", number>,
  places: { keys: number; queries: number; scores: number },
): Code {
  const shared = { tile, frame, ...counters };
  const scores = get(places.scores);
  const begin = [
    ...get(frame.masked),
    ...whenElse(tile.loadRows(mask, floats(get(frame.queries)), get(lastMask)), tile.clear()),
  ];
  const small = scoresOf(shared, places, (stored) => [...softmax.ofSmall(tile), ...stored]);
  const any = [
    ...softmax.start(),
    ...assign(mask, get(frame.mask)),
    ...assign(
      lastMask,
      sum(
        get(mask),
        floats(product(get(frame.queries), [...get(frame.keys), ...i32(1), ...i32Subtract])),
      ),
    ),
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

/**
 * The output's rows of eight queries: the sum over the keys of a factor times a row of `rows`, as many numbers at a time as
 * a tile has rows.
 * @param turned where a tile can be kept, to be transposed by halves
 */
export function sumOverKeys(
  { tile, square, frame }: Parts,
  { part, group, at, turned }: Record<"part" | "group" | "at" | "turned", number>,
  { rows, factors }: { rows: number; factors: number },
  scaled: (sum: number, i: number) => Code,
): Code {
  const { at: output, stride } = frame.rows("output");
  const turn = (before: number): Code => [
    ...assign(at, [...output, ...get(part), ...i32Add, ...i32(before), ...i32Add]),
    ...square.storeTransposed(at, stride, scaled),
  ];
  const halves = [0, 1].map((half): Code => [
    ...assign(at, sum(get(turned), i32(half * square.bytes))),
    ...[...square.load(at), ...turn(16 * half)],
  ]);
  return [
    ...assign(part, i32(0)),
    ...times(
      group,
      tile.isWide ? eighth(frame.size) : quarter(frame.size),
      assign(tile.numbers, sum(get(rows), get(part))),
      assign(tile.vectors, get(factors)),
      tile.clear(),
      tile.multiply(get(frame.keys), {
        apart: 4,
        numbers: floats(get(frame.size)),
        vectors: ROW_BYTES,
      }),
      // Two vectors are one only where they are stored so.
      tile.isWide ? [...tile.store(turned), ...halves.flat()] : turn(0),
      advance(part, i32(4 * tile.height)),
    ),
  ];
}
