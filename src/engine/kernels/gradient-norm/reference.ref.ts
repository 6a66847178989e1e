/** @file The verdict on a gradient in float64. */
import type { Verdict } from "./index.ts";

/** @param gradient carries the loss scale */
export function gradientNormReference(
  gradient: ArrayLike<number>,
  { scale, limit }: { readonly scale: number; readonly limit: number | null },
): Verdict {
  let squares = 0;
  let nonFinite = 0;
  for (let i = 0; i < gradient.length; i++) {
    const g = gradient[i]!;
    if (Number.isFinite(g)) squares += g * g;
    else nonFinite++;
  }
  const norm = Math.sqrt(squares) / scale;
  const clip = limit === null ? 1 : Math.min(1, limit / (norm + 1e-6));
  return { norm, multiplier: clip / scale, skip: nonFinite > 0, nonFinite };
}
