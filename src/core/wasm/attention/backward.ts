/**
 * @file The gradient of one head's attention, its probabilities computed again, eight queries at a time. With
 * P = softmax(Q Kᵀ / √d), dP = dO Vᵀ and D = the sum over the keys of P ∘ dP:
 *   dS = P ∘ (dP - D),   dQ = dS K / √d,   dK = dSᵀ Q / √d,   dV = Pᵀ dO
 */
import {
  type Code,
  f32x4Multiply,
  f32x4Subtract,
  fillMemory,
  get,
  i32,
  i32Add,
  i32ShiftLeft,
  loadVector,
  set,
  storeVector,
  zeros,
} from "../instructions.ts";
import { advance, assign, floats, sum, times } from "../assemble.ts";
import { multiplyAdd } from "../exp-code.ts";
import {
  eighth,
  headRows,
  type Parts,
  probabilitiesOf,
  quarter,
  scoresOf,
  sumOverKeys,
  tileRows,
} from "./forward.ts";
import { ROW_BYTES, ROWS, WIDTH } from "./tile.ts";

export function backward(parts: Parts, relaxed: boolean): Code {
  const { frame, tile, softmax, pack, locals } = parts;
  const ints = (count: number): number[] => Array.from({ length: count }, () => locals.int());
  const [keys, values, rows, dKeys, dValues, queries, dOutput, scores, dScores] = ints(9) as [
    ...[number, number, number],
    ...[number, number, number],
    ...[number, number, number],
  ];
  const [at, group, block, part, other, column] = ints(6) as [
    ...[number, number, number],
    ...[number, number, number],
  ];
  const tileAt = ints(4);
  const dots = locals.vectors(2);
  const [p, dp] = locals.vectors(2) as [number, number];
  const rowBytes = floats(get(frame.size));
  const scoreScaled = (vector: number): Code => [
    ...[...get(vector), ...get(frame.scoreScale), ...f32x4Multiply],
  ];
  const scaled = (vector: number): Code => [...get(vector), ...get(frame.scale), ...f32x4Multiply];
  const padded = headRows(frame, frame.padded);
  const column8 = [...get(frame.size), ...i32(5), ...i32ShiftLeft];

  /** P is the exponentials times 1 / sum; D adds up P ∘ dP; dP goes where `at` is. */
  const probabilities: Code = Array.from({ length: 2 * ROWS }, (_, i) => {
    const dP = tile.sum(i >> 1, i % 2);
    const dot = dots[i % 2]!;
    return [
      ...[...get(other), ...loadVector(16 * i), ...get(softmax.sums[i % 2]!)],
      ...[...f32x4Multiply, ...set(p)],
      ...[...get(other), ...get(p), ...storeVector(16 * i)],
      ...[...multiplyAdd(relaxed, get(p), get(dP), get(dot)), ...set(dot)],
    ];
  }).flat();

  /** dS in place of dP, a row at a time. */
  const scoreGradients: Code = [0, 1].flatMap((i) => [
    ...[...get(at), ...loadVector(16 * i), ...get(dots[i]!), ...f32x4Subtract, ...set(dp)],
    ...[...get(at), ...get(dp), ...get(other), ...loadVector(16 * i), ...f32x4Multiply],
    ...storeVector(16 * i),
  ]);

  /** to [T, d] += factorsᵀ · rows of the eight queries, which are where they came from. */
  const outer = (factors: number, from: "queries" | "outputGradient", to: number): Code => [
    ...assign(column, i32(0)),
    ...times(
      part,
      eighth(frame.size),
      assign(other, get(factors)),
      assign(tileAt[0]!, sum(get(to), get(column))),
      times(
        group,
        quarter(frame.padded),
        ...tileAt.slice(1).map((local, i) => assign(local, sum(get(tileAt[i]!), rowBytes))),
        ...eachSum((row, i, total) => [
          ...[...get(tileAt[row]!), ...loadVector(16 * i), ...set(total)],
        ]),
        assign(tile.numbers, get(other)),
        assign(tile.vectors, [...frame.rows(from).at, ...get(column), ...i32Add]),
        tile.multiply(i32(WIDTH), {
          apart: ROW_BYTES,
          numbers: i32(4),
          vectors: frame.rows(from).stride,
        }),
        ...eachSum((row, i, total) => [
          ...[...get(tileAt[row]!), ...get(total), ...storeVector(16 * i)],
        ]),
        advance(other, i32(ROWS * ROW_BYTES)),
        assign(tileAt[0]!, sum(get(tileAt[3]!), rowBytes)),
      ),
      advance(column, i32(ROW_BYTES)),
    ),
  ];
  function eachSum(code: (row: number, i: number, total: number) => Code): Code[] {
    return Array.from({ length: 2 * ROWS }, (_, i) => code(i >> 1, i % 2, tile.sum(i >> 1, i % 2)));
  }

  return frame.eachHead(
    assign(keys, get(frame.scratch)),
    ...chain(keys, [values, rows, dKeys, dValues, queries], padded),
    assign(dOutput, sum(get(queries), column8)),
    assign(scores, sum(get(dOutput), column8)),
    assign(dScores, sum(get(scores), tileRows(frame.padded))),
    pack.groups(
      frame.rows("keys"),
      { rows: frame.keys, padded: frame.padded },
      get(keys),
      scoreScaled,
    ),
    pack.groups(frame.rows("values"), { rows: frame.keys, padded: frame.padded }, get(values), get),
    pack.copy(frame.rows("keys"), get(frame.keys), { at: get(rows), stride: rowBytes }),
    // dK and dV lie side by side.
    [...get(dKeys), ...i32(0), ...padded, ...i32(1), ...i32ShiftLeft, ...fillMemory],
    times(
      block,
      eighth(frame.queries),
      pack.columns(frame.rows("queries"), get(queries)),
      pack.columns(frame.rows("outputGradient"), get(dOutput)),
      probabilitiesOf(parts, { group, at }, { keys, queries, scores }),
      dots.flatMap((dot) => [...zeros, ...set(dot)]),
      assign(other, get(scores)),
      scoresOf(
        { tile, frame, group, at },
        { keys: values, queries: dOutput, scores: dScores },
        (stored) => [...stored, ...probabilities, ...advance(other, i32(ROWS * ROW_BYTES))],
      ),
      assign(at, get(dScores)),
      assign(other, get(scores)),
      times(
        group,
        get(frame.padded),
        scoreGradients,
        advance(at, i32(ROW_BYTES)),
        advance(other, i32(ROW_BYTES)),
      ),
      sumOverKeys(parts, { part, group, at }, { rows, factors: dScores }, scaled),
      outer(dScores, "queries", dKeys),
      outer(scores, "outputGradient", dValues),
      frame.nextQueries(),
    ),
    pack.copy(
      { at: get(dKeys), stride: rowBytes },
      get(frame.keys),
      frame.rows("keysGradient"),
      scaled,
    ),
    pack.copy(
      { at: get(dValues), stride: rowBytes },
      get(frame.keys),
      frame.rows("valuesGradient"),
    ),
  );
}

/** Each place `bytes` after the one before it. */
function chain(first: number, rest: readonly number[], bytes: Code): Code[] {
  return rest.map((local, i) => assign(local, sum(get(rest[i - 1] ?? first), bytes)));
}
