/** @file A dense array whose elements are held as numbers whatever their type: what the evaluator computes with. */
import { byteSize, type DType } from "./dtype.ts";
import { halfToNumber, numberToHalf } from "./half.ts";
import { type Dims, elementCount } from "./shape.ts";

/**
 * Row-major array. Integers are exact up to 2^53; the int64 extremes that ONNX uses as "to the end"
 * stay beyond every dimension, which is all they are for. Booleans are 0 and 1.
 */
export interface NdArray {
  readonly dtype: DType;
  readonly dims: Dims;
  readonly data: Float64Array;
}

export function ndArray(dtype: DType, dims: Dims, data: ArrayLike<number>): NdArray {
  if (data.length !== elementCount(dims)) {
    throw new RangeError(
      `${data.length} values do not fill a tensor of shape [${dims.join(", ")}]`,
    );
  }
  return { dtype, dims, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

const UINT64_MAX = 2n ** 64n - 1n;

/** The integer nearest to zero from `value` within [low, high]; 0 for NaN. */
function toBigInt(value: number, low: bigint, high: bigint): bigint {
  if (Number.isNaN(value)) return 0n;
  if (!Number.isFinite(value)) return value > 0 ? high : low;
  const big = BigInt(Math.trunc(value));
  return big > high ? high : big < low ? low : big;
}

/** Little-endian bytes to numbers. `bytes` may be unaligned; its length must fit `dims`. */
export function fromBytes(dtype: DType, dims: Dims, bytes: Uint8Array): NdArray {
  const count = elementCount(dims);
  const size = byteSize(dtype);
  if (bytes.byteLength !== count * size) {
    throw new RangeError(
      `${bytes.byteLength} bytes do not fill a ${dtype} tensor of shape [${dims.join(", ")}]`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = READERS[dtype];
  const data = new Float64Array(count);
  for (let i = 0; i < count; i++) data[i] = read(view, i * size);
  return { dtype, dims, data };
}

/** Numbers to little-endian bytes, rounded to the element type. */
export function toBytes(array: NdArray): Uint8Array {
  const size = byteSize(array.dtype);
  const bytes = new Uint8Array(array.data.length * size);
  const view = new DataView(bytes.buffer);
  const write = WRITERS[array.dtype];
  for (let i = 0; i < array.data.length; i++) write(view, i * size, array.data[i]!);
  return bytes;
}

const bfloatScratch = new DataView(new ArrayBuffer(4));

const READERS: Record<DType, (view: DataView, at: number) => number> = {
  float16: (v, at) => halfToNumber(v.getUint16(at, true)),
  bfloat16: (v, at) => {
    bfloatScratch.setUint32(0, v.getUint16(at, true) << 16);
    return bfloatScratch.getFloat32(0);
  },
  float32: (v, at) => v.getFloat32(at, true),
  float64: (v, at) => v.getFloat64(at, true),
  int8: (v, at) => v.getInt8(at),
  uint8: (v, at) => v.getUint8(at),
  int16: (v, at) => v.getInt16(at, true),
  uint16: (v, at) => v.getUint16(at, true),
  int32: (v, at) => v.getInt32(at, true),
  uint32: (v, at) => v.getUint32(at, true),
  int64: (v, at) => Number(v.getBigInt64(at, true)),
  uint64: (v, at) => Number(v.getBigUint64(at, true)),
  bool: (v, at) => (v.getUint8(at) ? 1 : 0),
};

const WRITERS: Record<DType, (view: DataView, at: number, value: number) => void> = {
  float16: (v, at, x) => v.setUint16(at, numberToHalf(x), true),
  bfloat16: (v, at, x) => {
    if (Number.isNaN(x)) {
      v.setUint16(at, 0x7fc0, true);
      return;
    }
    bfloatScratch.setFloat32(0, x);
    const bits = bfloatScratch.getUint32(0);
    v.setUint16(at, (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16, true);
  },
  float32: (v, at, x) => v.setFloat32(at, x, true),
  float64: (v, at, x) => v.setFloat64(at, x, true),
  int8: (v, at, x) => v.setInt8(at, x),
  uint8: (v, at, x) => v.setUint8(at, x),
  int16: (v, at, x) => v.setInt16(at, x, true),
  uint16: (v, at, x) => v.setUint16(at, x, true),
  int32: (v, at, x) => v.setInt32(at, x, true),
  uint32: (v, at, x) => v.setUint32(at, x, true),
  int64: (v, at, x) => v.setBigInt64(at, toBigInt(x, INT64_MIN, INT64_MAX), true),
  uint64: (v, at, x) => v.setBigUint64(at, toBigInt(x, 0n, UINT64_MAX), true),
  bool: (v, at, x) => v.setUint8(at, x ? 1 : 0),
};
