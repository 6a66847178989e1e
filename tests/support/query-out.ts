/** @file The face mode's flat input, read back in PyTorch's layout. */
import type { QueryOutLayout } from "../../src/core/surgery/expose-query-out.ts";

/** The flat values with every matrix as [features, inputs]. */
export function pytorchQueryOut(layout: QueryOutLayout, values: ArrayLike<number>): Float64Array {
  const out = Float64Array.from(values);
  for (const { constant, offset, transposed } of layout.parts) {
    const [rows, columns] = constant.dims;
    if (transposed || columns === undefined) continue;
    for (let r = 0; r < rows!; r++) {
      for (let c = 0; c < columns; c++)
        out[offset + c * rows! + r] = values[offset + r * columns + c]!;
    }
  }
  return out;
}
