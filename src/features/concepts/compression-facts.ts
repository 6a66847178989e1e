/** @file What a share of the singular values comes to, as named values. */
import type { CompressionChoice } from "../../core/concept/compress-concept.ts";
import type { Fact } from "../../ui/fact-list.tsx";
import { formatBytes } from "../../ui/format.ts";

/** @param now bytes of the file as it is */
export function isSmaller({ bytes }: Pick<CompressionChoice, "bytes">, now: number): boolean {
  return bytes < now;
}

/** @param now bytes of the file as it is */
export function compressionFacts(
  { bytes, error, smallestRank, largestRank }: CompressionChoice,
  now: number,
): (Fact & { readonly value: string })[] {
  const ranks =
    smallestRank === largestRank ? String(smallestRank) : `${smallestRank} to ${largestRank}`;
  return [
    {
      name: "Size",
      value: `${formatBytes(bytes)} of ${formatBytes(now)} (${Math.round((100 * bytes) / now)} %)`,
    },
    { name: "Left out", value: `${(100 * error).toFixed(1)} % of the change` },
    { name: "Parts of each layer", value: ranks },
  ];
}
