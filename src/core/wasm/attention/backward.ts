/**
 * @file The gradient of one head's attention, its probabilities computed again, eight queries at a time. With
 * P = softmax(Q Kᵀ / √d), dP = dO Vᵀ and D = the sum over the keys of P ∘ dP, which is that over the channels of dO ∘ O:
 *   dS = P ∘ (dP - D),   dQ = dS K / √d,   dK = dSᵀ Q / √d,   dV = Pᵀ dO
 * What P is short of, 1 / the sum of a query's powers of two, is multiplied into dO instead.
 */
import {
  type Code,
  f32x4Add,
  f32x4Multiply,
  f32x4Subtract,
  fillMemory,
  get,
  i32,
  i32And,
  i32Equal,
  i32ShiftLeft,
  loadVector,
  set,
  storeVector,
  tee,
  when,
  whenElse,
  zeros,
} from "../instructions.ts";
import { advance, assign, floats, sum, times } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";
import { MODES } from "../fused-call.ts";
import {
  eighth,
  headRows,
  keysMeasured,
  type Parts,
  probabilitiesOf,
  quarter,
  scoresOf,
  sumOverKeys,
  tileRows,
} from "./forward.ts";
import { inEights, inRows } from "./pack.ts";
import { ROW_BYTES, type Tile, WIDTH } from "./tile.ts";

export function backward(parts: Parts, relaxed: boolean): Code {
  const { frame, tile, square, softmax, pack, locals } = parts;
  const five = () => {
    const int = (): number => locals.int();
    return [int(), int(), int(), int(), int()] as const;
  };
  const [keys, values, rows, dKeys, dValues] = five();
  const [queries, columns, dRows, attended, scores] = five();
  const [dScores, block, at, group, part] = five();
  const [other, column, lastMask] = [locals.int(), locals.int(), locals.int()];
  const queryRows = locals.int();
  const negativeD = locals.vectors(2);
  const rowBytes = floats(get(frame.size));
  const scoreScaled = (vector: number): Code => [
    ...[...get(vector), ...get(frame.scoreScale), ...f32x4Multiply],
  ];
  const scaled = (vector: number): Code => [...get(vector), ...get(frame.scale), ...f32x4Multiply];
  const padded = headRows(frame, frame.padded);
  const column8 = [...get(frame.size), ...i32(5), ...i32ShiftLeft];
  const isSelf: Code = [...get(frame.mode), ...i32(MODES.selfGradient), ...i32Equal];

  /** dO of eight queries by columns and by rows, over their sums; with O, -D. */
  const outputGradient: Code = [
    ...pack.columns(frame.rows("outputGradient"), get(columns)),
    ...negativeD.flatMap((vector) => [...zeros, ...set(vector)]),
    ...isSelf,
    ...when(pack.columns(frame.rows("attended"), get(attended))),
    ...assign(other, get(columns)),
    ...assign(at, get(attended)),
    ...assign(column, get(dRows)),
    ...times(
      part,
      quarter(frame.size),
      ...eachSum(square, (row, i, total) => [
        ...[...get(other), ...get(other), ...loadVector(ROW_BYTES * row + 16 * i)],
        ...[...get(softmax.sums[i]!), ...f32x4Multiply, ...tee(total)],
        ...storeVector(ROW_BYTES * row + 16 * i),
      ]),
      isSelf,
      when(
        ...eachSum(square, (row, i, total) => [
          ...[...get(negativeD[i]!), ...get(total), ...get(at)],
          ...[...loadVector(ROW_BYTES * row + 16 * i), ...f32x4Multiply, ...f32x4Subtract],
          ...set(negativeD[i]!),
        ]),
        advance(at, i32(square.bytes)),
      ),
      // Halves of eight channels side by side, then the next eight.
      assign(group, get(column)),
      square.storeTransposed(group, i32(ROW_BYTES), get),
      advance(other, i32(square.bytes)),
      [...get(part), ...i32(1), ...i32And],
      whenElse(advance(column, i32(WIDTH * ROW_BYTES - 16)), advance(column, i32(16))),
    ),
    // From memory they come as one vector, where two can be one.
    ...negativeD.flatMap((vector, i) => [
      ...[...get(queries), ...get(vector), ...storeVector(16 * i)],
    ]),
  ];

  /** dS where D is known before dP. */
  const knownScoreGradients = scoresOf(
    { tile, frame, group, at },
    { keys: values, queries: columns, scores: dScores },
    (stored) => [
      ...eachSum(tile, (row, i, total) => [
        ...[...get(total), ...get(other), ...loadVector(ROW_BYTES * row + 16 * i)],
        ...[...f32x4Multiply, ...set(total)],
      ]).flat(),
      ...stored,
      ...advance(other, i32(tile.bytes)),
    ],
    tile.start(negativeD.map((_, i) => [...get(queries), ...loadVector(16 * i)])),
  );
  /** dP and D, and then dS in place of dP. */
  const scoreGradients: Code = [
    ...scoresOf(
      { tile, frame, group, at },
      { keys: values, queries: columns, scores: dScores },
      (stored) => [
        ...stored,
        ...eachSum(tile, (row, i, total) => [
          ...multiplyAdd(
            relaxed,
            get(total),
            [...get(other), ...loadVector(ROW_BYTES * row + 16 * i)],
            get(negativeD[i]!),
          ),
          ...set(negativeD[i]!),
        ]).flat(),
        ...advance(other, i32(tile.bytes)),
      ],
    ),
    ...negativeD.flatMap((vector, i) => [
      ...[...zeros, ...get(vector), ...get(softmax.sums[i]!), ...f32x4Multiply],
      ...[...f32x4Subtract, ...set(vector)],
    ]),
    ...assign(at, get(dScores)),
    ...assign(other, get(scores)),
    ...times(
      group,
      get(frame.padded),
      ...[0, 1].map((i): Code => [
        ...[...get(at), ...get(at), ...loadVector(16 * i), ...get(negativeD[i]!), ...f32x4Add],
        ...[...get(other), ...loadVector(16 * i), ...f32x4Multiply, ...storeVector(16 * i)],
      ]),
      advance(at, i32(ROW_BYTES)),
      advance(other, i32(ROW_BYTES)),
    ),
  ];

  /** to [d / 8][T][8] += factorsᵀ · rows [d / 8][8][8] of the eight queries. */
  const outer = (factors: number, from: number, to: number): Code => [
    ...assign(column, get(from)),
    ...assign(at, get(to)),
    ...times(
      part,
      eighth(frame.size),
      assign(other, get(factors)),
      times(
        group,
        frame.keyTiles,
        tile.load(at),
        assign(tile.numbers, get(other)),
        assign(tile.vectors, get(column)),
        tile.multiplyEights(i32(1), { apart: ROW_BYTES, numbers: 4, vectors: ROW_BYTES }),
        tile.store(at),
        advance(other, i32(tile.bytes)),
        advance(at, i32(tile.bytes)),
      ),
      advance(column, i32(WIDTH * ROW_BYTES)),
    ),
  ];

  return frame.eachHead(
    assign(keys, get(frame.scratch)),
    ...chain(keys, [values, rows, dKeys, dValues, queries], padded),
    ...chain(queries, [columns, dRows, queryRows, attended, scores], column8),
    assign(dScores, sum(get(scores), tileRows(frame.padded))),
    pack.groups(
      frame.rows("keys"),
      { rows: frame.keys, padded: frame.padded },
      get(keys),
      scoreScaled,
    ),
    keysMeasured(parts),
    pack.groups(frame.rows("values"), { rows: frame.keys, padded: frame.padded }, get(values), get),
    pack.copy(frame.rows("keys"), get(frame.keys), { at: get(rows), stride: rowBytes }),
    // dK and dV lie side by side.
    [...get(dKeys), ...i32(0), ...padded, ...i32(1), ...i32ShiftLeft, ...fillMemory],
    times(
      block,
      eighth(frame.queries),
      pack.columns(frame.rows("queries"), get(queries)),
      probabilitiesOf(parts, { group, at, mask: other, lastMask }, { keys, queries, scores }),
      outputGradient,
      assign(other, get(scores)),
      isSelf,
      whenElse(knownScoreGradients, scoreGradients),
      sumOverKeys(parts, { part, group, at, turned: queries }, { rows, factors: dScores }, scaled),
      pack.copyEights(
        inRows(frame.rows("queries")),
        i32(WIDTH),
        inEights(get(queryRows), i32(WIDTH)),
      ),
      outer(dScores, queryRows, dKeys),
      outer(scores, dRows, dValues),
      frame.nextQueries(),
    ),
    pack.copyEights(
      inEights(get(dKeys), get(frame.padded)),
      get(frame.keys),
      inRows(frame.rows("keysGradient")),
      scaled,
    ),
    pack.copyEights(
      inEights(get(dValues), get(frame.padded)),
      get(frame.keys),
      inRows(frame.rows("valuesGradient")),
    ),
  );
}

/** Code for each sum of a tile: its row, which half of it, and the local. */
function eachSum(tile: Tile, code: (row: number, i: number, total: number) => Code): Code[] {
  return Array.from({ length: 2 * tile.height }, (_, i) =>
    code(i >> 1, i % 2, tile.sum(i >> 1, i % 2)),
  );
}

/** Each place `bytes` after the one before it. */
function chain(first: number, rest: readonly number[], bytes: Code): Code[] {
  return rest.map((local, i) => assign(local, sum(get(rest[i - 1] ?? first), bytes)));
}
