/**
 * @file How well generated pictures match photos and captions, as cosines of CLIP embeddings.
 *
 *   image alignment   1/(N M) Σᵢ Σⱼ cos(gᵢ, pⱼ)        N generated pictures g, M photos p
 *   self alignment    1/(M (M-1)) Σ_{i≠j} cos(pᵢ, pⱼ)   what a perfect likeness could be expected to reach
 *   text alignment    1/N Σᵢ cos(gᵢ, cᵢ)                cᵢ the caption of picture i, modifier tokens left out
 *   CLIPScore         1/N Σᵢ 2.5 max(cos(gᵢ, cᵢ), 0)    Hessel et al., arXiv 2104.08718
 *
 * Custom Diffusion (arXiv 2212.04488, section 4) reports the first as it is and text alignment as CLIPScore.
 */
import { StudioError } from "../errors.ts";

export interface Score {
  /** Mean cosine, from -1 to 1. */
  readonly value: number;
  /** How many cosines it is the mean of. */
  readonly pairs: number;
  /** Standard deviation of those cosines; pairs share pictures, so no standard error follows from it. */
  readonly deviation: number;
}

/**
 * Mean cosine over all pairs of a generated picture and a photo.
 * @throws StudioError "invalid-input" where there is no picture or no photo
 */
export function imageAlignment(
  generated: readonly Float32Array[],
  photos: readonly Float32Array[],
): Score {
  return summary(generated.flatMap((picture) => photos.map((photo) => cosine(picture, photo))));
}

/**
 * Mean cosine over all pairs of two different photos.
 * @throws StudioError "invalid-input" where there are fewer than two photos
 */
export function selfAlignment(photos: readonly Float32Array[]): Score {
  // The cosine is symmetric: every pair once has the same mean as both orders.
  return summary(photos.flatMap((a, i) => photos.slice(i + 1).map((b) => cosine(a, b))));
}

export interface TextScore extends Score {
  /** From 0 to 2.5. */
  readonly clipScore: number;
}

/**
 * Mean cosine of each picture to its own caption.
 * @param captions one a picture, in the same order
 * @throws StudioError "invalid-input" where there is no picture
 */
export function textAlignment(
  generated: readonly Float32Array[],
  captions: readonly Float32Array[],
): TextScore {
  if (generated.length !== captions.length) {
    throw new StudioError(
      "internal",
      `${generated.length} pictures have ${captions.length} captions.`,
    );
  }
  const cosines = generated.map((picture, i) => cosine(picture, captions[i]!));
  const clipScore = mean(cosines.map((x) => 2.5 * Math.max(x, 0)));
  return { ...summary(cosines), clipScore };
}

/** a·b / (‖a‖ ‖b‖) */
function cosine(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) {
    throw new StudioError(
      "internal",
      `Embeddings of ${a.length} and ${b.length} numbers have no cosine.`,
    );
  }
  let [dot, normA, normB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i]! * b[i]!;
    normA += a[i]! ** 2;
    normB += b[i]! ** 2;
  }
  return dot / Math.sqrt(normA * normB);
}

function summary(cosines: readonly number[]): Score {
  if (cosines.length === 0) {
    throw new StudioError(
      "invalid-input",
      "There is nothing to compare: an alignment needs at least one generated picture and one photo, or two photos.",
    );
  }
  const value = mean(cosines);
  const deviation = Math.sqrt(mean(cosines.map((x) => (x - value) ** 2)));
  return { value, pairs: cosines.length, deviation };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
