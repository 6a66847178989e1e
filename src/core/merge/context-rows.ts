/**
 * @file Context rows: what follows a concept's word in longer prompts, padding included. The merged weights are drawn to
 * the concept's own there, without being held to them; and where prompts name two of them, to both at once.
 *
 *   minimise ‖Creg ΔW‖² + Σ μ_n ‖C_n (ΔW - ΔW_n)‖² + Σ μ_t ‖C_t (ΔW - Σ ΔW_n)‖²      n of t in the last sum
 *   G = G0 + Σ μ_n G_n + Σ μ_t G_t,  ΔW_u = G⁺ Σ B_n ΔW_n,  B_n = μ_n G_n + Σ μ_t G_t    μ = β tr(G0) / tr(C ᵀC)
 *
 * ΔW_u is the minimum that is held to nothing. G takes the place of the captions' Gram G0 in all that follows
 * (docs/math/merge.md).
 */
import { addRowGram } from "../linalg/row-gram.ts";
import { rowOf } from "../linalg/vector.ts";
import { type FeatureSpace, fromCoordinates, toCoordinates } from "./feature-space.ts";
import type { RegularisationGram } from "./gram.ts";
import type { MergeTarget, TogetherContext } from "./target-rows.ts";

/** β: what the context of each concept weighs, of what all regularisation captions weigh. */
const WEIGHT = 1;

/** Columns that go through a product at once, so that all rows of them stay in the processor's caches. */
const COLUMNS_AT_ONCE = 128;
/** Rows that are added up in one pass over them. */
const ROWS_AT_ONCE = 4;

export interface WeighedContext {
  /** Packed ΔW_n [E, S]. */
  readonly difference: Float32Array;
  /** B_n [E, E] in its lower triangle. */
  readonly lower: Float64Array;
}

export interface Contexts {
  /** One a concept that has rows of its own or shares some. */
  readonly weighed: readonly WeighedContext[];
  /** Σ μ_n G_n + Σ μ_t G_t [E, E] in its lower triangle: each row once, however many concepts share it. */
  readonly lower: Float64Array;
}

/** The contexts of all targets that have one, each weighed against the captions of G0. */
export function weighContexts(
  targets: readonly MergeTarget[],
  together: readonly TogetherContext[],
  { width, lower: captions }: RegularisationGram,
): Contexts {
  const all = new Float64Array(width * width);
  const brought = targets.map(() => new Float64Array(width * width));
  const own = targets.map(({ context }, n): TogetherContext => ({ rows: context, of: [n] }));
  for (const { rows, of } of [...own, ...together]) {
    const gram = new Float64Array(width * width);
    addRowGram(gram, rows, width);
    const size = trace(gram, width);
    if (size === 0) continue;
    const weight = (WEIGHT * trace(captions, width)) / size;
    for (const lower of [all, ...of.map((n) => brought[n]!)]) {
      gram.forEach((x, k) => (lower[k]! += weight * x));
    }
  }
  const weighed = targets.map(({ difference }, n) => ({ difference, lower: brought[n]! }));
  return { weighed: weighed.filter(({ lower }) => trace(lower, width) > 0), lower: all };
}

/** G. Its `rows` are those of captions, without which there is nothing to weigh contexts against. */
export function withContexts(gram: RegularisationGram, contexts: Contexts): RegularisationGram {
  return { ...gram, lower: gram.lower.map((x, k) => x + contexts.lower[k]!) };
}

/**
 * ΔW_u [E, S], rounded to float32; zeros without a context. Costs E² S for each.
 * @param space that of G
 * @param onPart told the share that is done, and awaited, before some of the columns
 */
export async function drawnToContexts(
  space: FeatureSpace,
  { weighed: contexts }: Contexts,
  columns: number,
  onPart: (done: number) => Promise<void>,
): Promise<Float32Array> {
  const { width } = space;
  const drawn = new Float32Array(width * columns);
  if (contexts.length === 0) return drawn;
  // All ΔW_n stacked, and beside each of their rows what it brings to each row of ΔW_u; zeros past the last one.
  const stacked = Math.ceil((contexts.length * width) / ROWS_AT_ONCE) * ROWS_AT_ONCE;
  const shares = new Float64Array(stacked * width);
  for (const [n, { lower }] of contexts.entries()) {
    await onPart(0);
    for (let f = 0; f < width; f++) {
      const coordinates = toCoordinates(space, symmetricRow(lower, width, f));
      shares.set(fromCoordinates(space, coordinates), (n * width + f) * width);
    }
  }
  const part = new Float64Array(stacked * COLUMNS_AT_ONCE);
  for (let start = 0; start < columns; start += COLUMNS_AT_ONCE) {
    await onPart(start / columns);
    const count = Math.min(COLUMNS_AT_ONCE, columns - start);
    contexts.forEach(({ difference }, n) => {
      for (let f = 0; f < width; f++) {
        const from = f * columns + start;
        part.set(difference.subarray(from, from + count), (n * width + f) * COLUMNS_AT_ONCE);
      }
    });
    for (let e = 0; e < width; e += 2) {
      // A width that is odd has its last row twice.
      const pair = [e, Math.min(e + 1, width - 1)] as const;
      const sums = weightedSums(shares, width, pair, part);
      pair.forEach((row, i) => drawn.set(sums[i]!.subarray(0, count), row * columns + start));
    }
  }
  return drawn;
}

/** Σ_f shares[f, e] part[f] for two e, all columns of a part: what is loaded of it is used twice. */
function weightedSums(
  shares: Float64Array,
  width: number,
  [e, g]: readonly [number, number],
  part: Float64Array,
): readonly [Float64Array, Float64Array] {
  const first = new Float64Array(COLUMNS_AT_ONCE);
  const second = new Float64Array(COLUMNS_AT_ONCE);
  for (let f = 0; f * width < shares.length; f += ROWS_AT_ONCE) {
    const [i, k, l, m] = [f * width, (f + 1) * width, (f + 2) * width, (f + 3) * width];
    const [p, q, r, s] = [shares[i + e]!, shares[k + e]!, shares[l + e]!, shares[m + e]!];
    const [t, u, v, w] = [shares[i + g]!, shares[k + g]!, shares[l + g]!, shares[m + g]!];
    const a = f * COLUMNS_AT_ONCE;
    const [b, c, d] = [a + COLUMNS_AT_ONCE, a + 2 * COLUMNS_AT_ONCE, a + 3 * COLUMNS_AT_ONCE];
    for (let j = 0; j < COLUMNS_AT_ONCE; j++) {
      const x = part[a + j]!;
      const y = part[b + j]!;
      const z = part[c + j]!;
      const o = part[d + j]!;
      first[j]! += p * x + q * y + (r * z + s * o);
      second[j]! += t * x + u * y + (v * z + w * o);
    }
  }
  return [first, second];
}

/** Row i of a symmetric matrix that is kept in its lower triangle. */
function symmetricRow(lower: Float64Array, width: number, i: number): Float64Array {
  const row = rowOf(lower, width, i).slice();
  for (let j = i + 1; j < width; j++) row[j] = lower[j * width + i]!;
  return row;
}

function trace(lower: Float64Array, width: number): number {
  let sum = 0;
  for (let i = 0; i < width; i++) sum += lower[i * width + i]!;
  return sum;
}
