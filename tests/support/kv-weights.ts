/** @file Single projections of the packed K/V weights, in PyTorch's layout. */
import type { KvLayout } from "../../src/core/surgery/kv-layout.ts";

/** Part `part` of packed [E, S] weights as [C, E]. */
export function pytorchWeight(
  packed: ArrayLike<number>,
  layout: KvLayout,
  part: number,
): Float64Array {
  const { offset, width } = layout.parts[part]!;
  const out = new Float64Array(width * layout.textWidth);
  for (let c = 0; c < width; c++) {
    for (let e = 0; e < layout.textWidth; e++) {
      out[c * layout.textWidth + e] = packed[e * layout.columns + offset + c]!;
    }
  }
  return out;
}
