/**
 * @file Attention as one operator of the studio's own: softmax(Q Kᵀ / √d) V of every head, and its gradient. Sessions run
 * them where the engine has them (passes/lower-fused.ts); the values here are the plain ones to compare with.
 *
 *   PackedSelfAttention           packed [B, S, 3C] = [Q | K | V], like [B, S, C], mask?   O [B, S, C]
 *   PackedSelfAttentionGradient   packed, dO [B, S, C], O [B, S, C], mask?                 [dQ | dK | dV] [B, S, 3C]
 *   PackedCrossAttention          packed [B, T, 2C] = [K | V], Q [B, S, C]                 O [B, S, C]
 *   PackedCrossAttentionGradient  packed, Q, dO [B, S, C]             rows of dQ and of [dK | dV], [B, S + 2T, C]
 *
 * A mask [S, S] is added to every head's scores, a row for each query; its numbers are finite.
 * Attribute heads: the C channels are shared out among them, C = heads · d. The gradient of self-attention is given what
 * attention gave, for the sum over the channels of dO ∘ O is that over the keys of P ∘ dP (FlashAttention, arXiv
 * 2205.14135, appendix B.2).
 */
import { elementCount, sameDims } from "../../tensor/shape.ts";
import { intAttribute } from "../attributes.ts";
import type { OperatorDefinition } from "./definition.ts";
import { operator, type Settings, show } from "./operator.ts";

/** One head's rows: number c of row r is at start + r · stride + c. */
interface Rows {
  readonly data: Float64Array;
  readonly start: number;
  readonly stride: number;
}

interface Head {
  readonly queries: Rows;
  readonly keys: Rows;
  readonly values: Rows;
  readonly rows: number;
  readonly columns: number;
  readonly size: number;
  /** A row for each query. */
  readonly mask?: Float64Array | undefined;
}

type Dims3 = readonly [number, number, number];

function plan(s: Settings, fits: (a: Dims3, b: Dims3) => boolean, output: 0 | 1) {
  const [a, b] = [s.type(0), s.type(1)];
  const heads = intAttribute(s.node, "heads", 0);
  const [first, second] = [a.dims as Dims3, b.dims as Dims3];
  if (a.dims.length !== 3 || b.dims.length !== 3 || !fits(first, second) || heads < 1) {
    throw new Error(
      `its inputs of shape ${show(a.dims)} and ${show(b.dims)} with ${heads} heads do not fit it`,
    );
  }
  const { dtype } = a;
  return { dtype, dims: output === 0 ? a.dims : b.dims, first, second, heads };
}

const crossFits = ([b, , c]: Dims3, other: Dims3): boolean => b === other[0] && c === 2 * other[2];

/** Types of cross-attention's inputs and its output's gradient, and the rows of all gradients. */
function crossGradientPlan(s: Settings) {
  const planned = plan(s, crossFits, 1);
  const { first, second, dims } = planned;
  if (!sameDims(s.type(2).dims, dims)) {
    throw new Error(`its output's gradient of shape ${show(s.type(2).dims)} does not fit it`);
  }
  const [images, rows, channels] = second;
  return { ...planned, dims: [images, rows + 2 * first[1], channels] };
}

/** The plan of self-attention or its gradient, whose mask may be an input. */
function selfPlan(s: Settings, output: 0 | 1, mask: number) {
  const planned = plan(s, selfFits, output);
  const rows = planned.second[1];
  const masked = (s.node.inputs[mask] ?? "") !== "";
  if (!masked || sameDims(s.type(mask).dims, [rows, rows])) return { ...planned, masked };
  throw new Error(`its mask of shape ${show(s.type(mask).dims)} does not fit ${rows} positions`);
}

const selfFits = ([b, s, c]: Dims3, other: Dims3): boolean =>
  b === other[0] && s === other[1] && c === 3 * other[2];

/** Probabilities of one query's row over all keys. */
function probabilities({ queries, keys, columns, size, mask }: Head, row: number): Float64Array {
  const scores = Float64Array.from({ length: columns }, (_, j) => {
    return dot(queries, row, keys, j, size) / Math.sqrt(size) + (mask?.[row * columns + j] ?? 0);
  });
  const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = scores.map((x) => Math.exp(x - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / total);
}

function dot(a: Rows, i: number, b: Rows, j: number, size: number): number {
  let sum = 0;
  for (let c = 0; c < size; c++) {
    sum += a.data[a.start + i * a.stride + c]! * b.data[b.start + j * b.stride + c]!;
  }
  return sum;
}

/** Row i of `to` += factor · row j of `from`. */
function add(to: Rows, i: number, factor: number, from: Rows, j: number, size: number): void {
  for (let c = 0; c < size; c++) {
    to.data[to.start + i * to.stride + c]! += factor * from.data[from.start + j * from.stride + c]!;
  }
}

function forward(head: Head, output: Rows): void {
  for (let i = 0; i < head.rows; i++) {
    const p = probabilities(head, i);
    p.forEach((share, j) => {
      add(output, i, share, head.values, j, head.size);
    });
  }
}

function backward(
  head: Head,
  dOutput: Rows,
  output: Rows | undefined,
  gradients: Readonly<Record<"queries" | "keys" | "values", Rows>>,
): void {
  const { queries, keys, values, rows, size } = head;
  for (let i = 0; i < rows; i++) {
    const p = probabilities(head, i);
    const dP = p.map((_, j) => dot(dOutput, i, values, j, size));
    const mean =
      output === undefined
        ? p.reduce((sum, share, j) => sum + share * dP[j]!, 0)
        : dot(dOutput, i, output, i, size);
    p.forEach((share, j) => {
      const dS = (share * (dP[j]! - mean)) / Math.sqrt(size);
      add(gradients.queries, i, dS, keys, j, size);
      add(gradients.keys, j, dS, queries, i, size);
      add(gradients.values, j, share, dOutput, i, size);
    });
  }
}

/** Calls `each` for every image and head with a reader of rows: `at` floats into the image's part, `parts` · C apart. */
function eachHead(
  { images, channels, heads }: { images: number; channels: number; heads: number },
  each: (
    rows: (data: Float64Array, imageSize: number, at: number, parts: number) => Rows,
    size: number,
  ) => void,
): void {
  const size = channels / heads;
  for (let image = 0; image < images; image++) {
    for (let head = 0; head < heads; head++) {
      each(
        (data, imageSize, at, parts) => ({
          data,
          start: image * imageSize + at + head * size,
          stride: parts * channels,
        }),
        size,
      );
    }
  }
}

export const PACKED_ATTENTION = {
  PackedSelfAttention: operator(
    (s) => selfPlan(s, 1, 2),
    ({ second, heads, masked }, context) => {
      const [images, rows, channels] = second;
      const { data } = context.input(0);
      const mask = masked ? context.input(2).data : undefined;
      const out = new Float64Array(images * rows * channels);
      const whole = rows * 3 * channels;
      eachHead({ images, channels, heads }, (at, size) => {
        const part = (index: number): Rows => at(data, whole, index * channels, 3);
        const head = {
          queries: part(0),
          keys: part(1),
          values: part(2),
          rows,
          columns: rows,
          size,
          mask,
        };
        forward(head, at(out, rows * channels, 0, 1));
      });
      return out;
    },
  ),
  PackedSelfAttentionGradient: operator(
    (s) => selfPlan(s, 0, 3),
    ({ second, heads, masked }, context) => {
      const [images, rows, channels] = second;
      const [packed, dOutput, output] = [0, 1, 2].map((i) => context.input(i).data) as [
        ...[Float64Array, Float64Array, Float64Array],
      ];
      const mask = masked ? context.input(3).data : undefined;
      const out = new Float64Array(packed.length);
      const whole = rows * 3 * channels;
      eachHead({ images, channels, heads }, (at, size) => {
        const part = (data: Float64Array, index: number): Rows =>
          at(data, whole, index * channels, 3);
        const [queries, keys, values] = [part(packed, 0), part(packed, 1), part(packed, 2)];
        const head = { queries, keys, values, rows, columns: rows, size, mask };
        const gradients = { queries: part(out, 0), keys: part(out, 1), values: part(out, 2) };
        const plain = (data: Float64Array): Rows => at(data, rows * channels, 0, 1);
        backward(head, plain(dOutput), plain(output), gradients);
      });
      return out;
    },
  ),
  PackedCrossAttention: operator(
    (s) => plan(s, crossFits, 1),
    ({ first: [, columns], second, heads }, context) => {
      const [images, rows, channels] = second;
      const [packed, query] = [context.input(0).data, context.input(1).data];
      const out = new Float64Array(images * rows * channels);
      eachHead({ images, channels, heads }, (at, size) => {
        const keysAt = (index: number): Rows =>
          at(packed, columns * 2 * channels, index * channels, 2);
        const queries = at(query, rows * channels, 0, 1);
        const head = { queries, keys: keysAt(0), values: keysAt(1), rows, columns, size };
        forward(head, at(out, rows * channels, 0, 1));
      });
      return out;
    },
  ),
  PackedCrossAttentionGradient: operator(
    crossGradientPlan,
    ({ first: [, columns], second, dims, heads }, context) => {
      const [images, rows, channels] = second;
      const [packed, query, dOutput] = [0, 1, 2].map((i) => context.input(i).data) as Three;
      const out = new Float64Array(elementCount(dims));
      const [one, two] = [rows * channels, columns * 2 * channels];
      eachHead({ images, channels, heads }, (at, size) => {
        const [keys, values] = [at(packed, two, 0, 2), at(packed, two, channels, 2)];
        const head = { queries: at(query, one, 0, 1), keys, values, rows, columns, size };
        const gradients = {
          queries: at(out, one + two, 0, 1),
          keys: at(out, one + two, one, 2),
          values: at(out, one + two, one + channels, 2),
        };
        backward(head, at(dOutput, one, 0, 1), undefined, gradients);
      });
      return out;
    },
  ),
} satisfies Record<string, OperatorDefinition>;

type Three = [Float64Array, Float64Array, Float64Array];
