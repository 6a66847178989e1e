/** @file Tensors as files hold them, and their values: read once, counted, so that no small file fills the memory. */
import { byteSize, type DType } from "../tensor/dtype.ts";
import { halfToNumber } from "../tensor/half.ts";
import { elementCount, stridesOf } from "../tensor/shape.ts";
import type { SafetensorsEntry } from "../tensor/safetensors.ts";
import { quoted, refusal } from "./refuse.ts";

/** A strided view of a stretch of a file. Nothing is copied before `ValueReader.values`. */
export interface SourceTensor {
  readonly kind: "tensor";
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** In elements, from one index of an axis to the next. */
  readonly strides: readonly number[];
  /** In elements, of the first one. */
  readonly offset: number;
  /** The whole storage, little-endian, perhaps unaligned; every element of the view lies within. */
  readonly bytes: Uint8Array;
}

export function isTensor(value: unknown): value is SourceTensor {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "tensor";
}

/** A tensor of a safetensors file. */
export function sourceOf({ dtype, dims, bytes }: SafetensorsEntry): SourceTensor {
  return { kind: "tensor", dtype, dims, strides: stridesOf(dims), offset: 0, bytes };
}

type ReadElement = (view: DataView, at: number) => number;

const READERS: ReadonlyMap<DType, ReadElement> = new Map<DType, ReadElement>([
  ["float16", (view, at) => halfToNumber(view.getUint16(at, true))],
  ["bfloat16", (view, at) => widenBfloat16(view.getUint16(at, true))],
  ["float32", (view, at) => view.getFloat32(at, true)],
  ["float64", (view, at) => view.getFloat64(at, true)],
  // torch.tensor(4): a LoRA's alpha, where its rank was given.
  ["int64", (view, at) => Number(view.getBigInt64(at, true))],
]);

const scratch = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function widenBfloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

/**
 * Reads values of one file. All that it ever gives out is at most four times the file: as many float32 numbers as the
 * file has bytes, which no file has whose tensors do not share their storage.
 */
export class ValueReader {
  private left: number;

  constructor(fileBytes: number) {
    this.left = fileBytes;
  }

  /**
   * A copy of a tensor's values, row by row, as float32; rounded where they are wider.
   * @param name for sentences
   * @throws StudioError "invalid-input" where they are of another type, not finite, or too many for the file
   */
  values(name: string, tensor: SourceTensor): Float32Array {
    const read = READERS.get(tensor.dtype);
    if (read === undefined) {
      throw refusal(
        `${quoted(name)} has numbers of the type ${tensor.dtype}, which no weights have; save it as float16 or float32.`,
      );
    }
    const count = elementCount(tensor.dims);
    if (count > this.left) {
      throw refusal(
        "The tensors of this file share their numbers, so that it would grow many times; save each with .clone().",
      );
    }
    this.left -= count;
    const values = new Float32Array(count);
    fill(values, tensor, read);
    if (!values.every(Number.isFinite)) {
      throw refusal(
        `${quoted(name)} has numbers that are not finite; save a concept whose training did not fail.`,
      );
    }
    return values;
  }
}

/** Row by row: `index` counts up like the digits of a number, and `at` goes along. */
function fill(values: Float32Array, tensor: SourceTensor, read: ReadElement): void {
  const { dims, strides, bytes } = tensor;
  const size = byteSize(tensor.dtype);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const index = new Array<number>(dims.length).fill(0);
  let at = tensor.offset;
  for (let i = 0; i < values.length; i++) {
    values[i] = read(view, at * size);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      at -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
}
