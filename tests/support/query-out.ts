/** @file The face mode's flat input: filled with the frozen values, and read back in PyTorch's layout. */
import { type ExternalReader, materialiseFloat32 } from "../../src/core/onnx/materialise.ts";
import type { QueryOutLayout } from "../../src/core/surgery/expose-query-out.ts";

export async function packedQueryOut(
  layout: QueryOutLayout,
  read: ExternalReader,
): Promise<Float32Array> {
  const packed = new Float32Array(layout.length);
  for (const { constant, offset } of layout.parts) {
    packed.set(await materialiseFloat32(constant, read), offset);
  }
  return packed;
}

/** The same numbers with every matrix as [features, inputs]. */
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
