/** @file Element types: their ONNX numbers, sizes, and which of them are floating point. */

/** Element types the toolkit can read; the names are numpy's. */
export type DType =
  | "float16"
  | "bfloat16"
  | "float32"
  | "float64"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool";

interface DTypeFacts {
  /** `TensorProto.DataType` of onnx.proto. */
  readonly onnx: number;
  readonly bytes: number;
  readonly float: boolean;
}

export const DTYPES: Readonly<Record<DType, DTypeFacts>> = {
  float32: { onnx: 1, bytes: 4, float: true },
  uint8: { onnx: 2, bytes: 1, float: false },
  int8: { onnx: 3, bytes: 1, float: false },
  uint16: { onnx: 4, bytes: 2, float: false },
  int16: { onnx: 5, bytes: 2, float: false },
  int32: { onnx: 6, bytes: 4, float: false },
  int64: { onnx: 7, bytes: 8, float: false },
  bool: { onnx: 9, bytes: 1, float: false },
  float16: { onnx: 10, bytes: 2, float: true },
  float64: { onnx: 11, bytes: 8, float: true },
  uint32: { onnx: 12, bytes: 4, float: false },
  uint64: { onnx: 13, bytes: 8, float: false },
  bfloat16: { onnx: 16, bytes: 2, float: true },
};

const BY_ONNX = new Map(
  (Object.keys(DTYPES) as DType[]).map((dtype) => [DTYPES[dtype].onnx, dtype]),
);

/** The element type with ONNX number `onnx`, or null where the toolkit has none (strings, complex, 4-bit). */
export function dtypeFromOnnx(onnx: number): DType | null {
  return BY_ONNX.get(onnx) ?? null;
}

export function byteSize(dtype: DType): number {
  return DTYPES[dtype].bytes;
}

export function isFloat(dtype: DType): boolean {
  return DTYPES[dtype].float;
}
