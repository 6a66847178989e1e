/** @file One noise prediction out of several concepts': their guidance directions, weighed on the simplex. */
import { minNormWeights } from "./min-norm.ts";
import type { Weighting } from "./weighting.ts";

export interface Combined {
  /** [4, H, W] */
  readonly prediction: Float32Array;
  /** Of each concept, for the whole picture; null where they differ from place to place. */
  readonly weights: Float64Array | null;
}

/**
 * ε = ε_∅ + s Σ w_n (ε_n - ε_∅), with w on the simplex (docs/math/compose.md); for one concept of weight 1 that is
 * classifier-free guidance. Only the mean of a step is combined: what noise a sampler adds is its own.
 *
 * @param unconditional ε_∅ [4, H, W]
 * @param concepts ε_n, one a concept
 * @param scale s, the guidance scale
 */
export function combine(
  unconditional: Float32Array,
  concepts: readonly Float32Array[],
  scale: number,
  weighting: Weighting,
): Combined {
  if (weighting.kind === "regions") {
    return {
      prediction: inRegions(unconditional, concepts, scale, weighting.masks),
      weights: null,
    };
  }
  const directions = concepts.map((prediction) => difference(prediction, unconditional));
  const solved = weighting.kind === "solved" ? solve(directions) : null;
  const weights = solved?.weights ?? onSimplex(weightsGiven(weighting, concepts.length));
  const gain = scale * (solved?.gain ?? 1);
  const prediction = unconditional.map((x, i) => {
    let sum = 0;
    for (const [n, direction] of directions.entries()) sum += weights[n]! * direction[i]!;
    return x + gain * sum;
  });
  return { prediction, weights };
}

/** The most that a shrunken direction is stretched by. */
const MOST_GAIN = 2;

/**
 * The direction of least norm serves every concept: its inner product with each is at least its own squared norm.
 * But it is shorter than they are, so it is stretched to the length that they have on average, twofold at most.
 */
function solve(directions: readonly Float32Array[]): {
  readonly weights: Float64Array;
  readonly gain: number;
} {
  const n = directions.length;
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      gram[i * n + j] = gram[j * n + i] = inner(directions[i]!, directions[j]!);
    }
  }
  const weights = minNormWeights(gram, n);
  let length = 0;
  let squared = 0;
  for (let i = 0; i < n; i++) {
    length += weights[i]! * Math.sqrt(gram[i * n + i]!);
    for (let j = 0; j < n; j++) squared += weights[i]! * weights[j]! * gram[i * n + j]!;
  }
  const gain = squared > 0 ? Math.min(MOST_GAIN, length / Math.sqrt(squared)) : 1;
  return { weights, gain };
}

/** Place by place: masks [H, W] become weights that add up to 1, equal ones where nothing was painted. */
function inRegions(
  unconditional: Float32Array,
  concepts: readonly Float32Array[],
  scale: number,
  masks: readonly Float32Array[],
): Float32Array {
  const places = masks[0]?.length ?? 1;
  return unconditional.map((x, i) => {
    const place = i % places;
    let total = 0;
    for (const mask of masks) total += mask[place]!;
    let sum = 0;
    for (const [n, prediction] of concepts.entries()) {
      const weight = total > 0 ? masks[n]![place]! / total : 1 / concepts.length;
      sum += weight * (prediction[i]! - x);
    }
    return x + scale * sum;
  });
}

function weightsGiven(weighting: Weighting, count: number): readonly number[] {
  return weighting.kind === "fixed" ? weighting.weights : new Array<number>(count).fill(1);
}

function onSimplex(weights: readonly number[]): Float64Array {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Float64Array.from(weights, (weight) => weight / total);
}

function difference(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((x, i) => x - b[i]!);
}

function inner(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
