/** @file What a training run can be told to do, so that it needs less memory. */
import type { Precision } from "../precision.ts";

export interface TrainingChoices {
  readonly precision: Precision;
  /** Images of one pass; gradients of several passes add up to a step. */
  readonly microBatch: number;
  /** Parts in which the forward pass is computed again for the backward pass; 1 keeps it all. */
  readonly segments: number;
  /** Attention with more bytes of scores than this is computed a few heads at a time; never where undefined. */
  readonly attentionBytes: number | undefined;
  /** Whether what paints pictures stays in memory meanwhile: without it there are no previews. */
  readonly keepsSampling: boolean;
}

/** What a device can hold. */
export interface PlanDevice {
  readonly backend: "wasm" | "webgpu";
  /** Whether it computes with float16 (WebGPU's feature shader-f16). */
  readonly half: boolean;
  /** Bytes that may be used. */
  readonly budget: number;
  /** Bytes of the largest buffer that a program may read. */
  readonly largestBuffer: number;
  /** `attentionBytes` that it has in any case; undefined where whole attention is what is fastest. */
  readonly attentionBytes: number | undefined;
}

/** What a run would like best. */
export interface PlanWish {
  /** Images of a step, and the most of one pass. */
  readonly batch: number;
  readonly microBatch: number;
  readonly precision: Precision | "auto";
  /** Whether pictures are painted while it trains. */
  readonly previews: boolean;
}

/** One head's scores at 64 x 64 latents. */
const CHUNK_BYTES = 2 ** 26;

/** Of attention while painting on a GPU: every WebGPU binds buffers of this size, and small models have no more. */
export const PAINTING_ATTENTION_BYTES = 2 ** 27;

/** Fewest first; from twelve on what is kept between them is all there is. */
const SEGMENTS = [2, 3, 4, 6, 8, 12] as const;

/** Weights, in float32, from which on float16 is what is tried first: half the memory, and on most GPUs twice the speed. */
const LARGE_BYTES = 1e9;

/**
 * Everything that may be tried, what costs the least time first: attention in chunks, smaller passes, no previews, then
 * recomputation, which costs a third more.
 */
export function* candidates(
  { half, attentionBytes }: PlanDevice,
  { batch, microBatch, precision, previews }: PlanWish,
  weightBytes: number,
): Generator<TrainingChoices> {
  const both: Precision[] = half ? ["float32", "float16"] : ["float32"];
  const tried = precision === "auto" ? both : [precision];
  if (weightBytes >= LARGE_BYTES) tried.reverse();
  const passes = divisors(batch, microBatch);
  const chunked = Math.min(attentionBytes ?? CHUNK_BYTES, CHUNK_BYTES);
  for (const precision of tried) {
    const first = { precision, segments: 1, attentionBytes: chunked };
    for (const keepsSampling of previews ? [true, false] : [false]) {
      for (const microBatch of passes) {
        if (attentionBytes === undefined) {
          yield { ...first, microBatch, attentionBytes, keepsSampling };
        }
        yield { ...first, microBatch, keepsSampling };
      }
    }
    for (const segments of SEGMENTS) {
      yield { ...first, microBatch: 1, segments, keepsSampling: false };
    }
  }
}

/** Divisors of the batch up to the most that is wished for, largest first. */
function divisors(batch: number, most: number): number[] {
  const all = Array.from({ length: most }, (_, i) => most - i);
  return all.filter((n) => batch % n === 0);
}
