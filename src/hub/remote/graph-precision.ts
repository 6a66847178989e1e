/** @file Whether a graph's weights are float16, said by its largest weight. */
import { decodeModel } from "../../core/onnx/codec.ts";

/** TensorProto.DataType.FLOAT16. */
const FLOAT16 = 10;

export function isHalfPrecision(bytes: Uint8Array): boolean | null {
  let [largest, type] = [0, 0];
  for (const { dims, dataType } of decodeModel(bytes).graph?.initializer ?? []) {
    const count = dims.reduce((product, size) => product * Number(size), 1);
    if (count > largest) [largest, type] = [count, dataType];
  }
  return largest === 0 ? null : type === FLOAT16;
}
