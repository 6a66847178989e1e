/** @file The bytes of a constant: read from where they lie, then cast, moved or joined as its description says. */
import { transformedWeights } from "../convolution/winograd.ts";
import { StudioError } from "../errors.ts";
import { byteSize, type DType } from "../tensor/dtype.ts";
import { narrowToHalf, widenHalf } from "../tensor/half.ts";
import { fromBytes, ndArray, toBytes } from "../tensor/nd-array.ts";
import { type Dims, elementCount, stridesOf } from "../tensor/shape.ts";
import {
  castConstant,
  type Constant,
  constantBytes,
  PANEL_COLUMNS,
  type Transform,
} from "./constant.ts";

/** Reads a range of an external data file; null where the model has no such file. */
export type ExternalReader = (
  location: string,
  offset: number,
  length: number,
) => Promise<Uint8Array | null>;

/** A reader for models that keep everything in the .onnx file. */
export const noExternalData: ExternalReader = () => Promise.resolve(null);

/** A reader over files held in memory, as tests and Node have them. */
export function readerOf(files: ReadonlyMap<string, Uint8Array>): ExternalReader {
  return (location, offset, length) => {
    const file = files.get(location);
    return Promise.resolve(file === undefined ? null : file.subarray(offset, offset + length));
  };
}

/**
 * Little-endian bytes of `constant`. Literal and external bytes are views where nothing has to be done to them.
 * @throws StudioError "model-external-data-missing" where the file is not there or too short.
 */
export async function materialise(constant: Constant, read: ExternalReader): Promise<Uint8Array> {
  const { data, dims, dtype } = constant;
  switch (data.kind) {
    case "bytes":
      return data.bytes;
    case "fill":
      return toBytes(ndArray(dtype, dims, new Float64Array(elementCount(dims)).fill(data.value)));
    case "external": {
      const bytes = await read(data.location, data.offset, data.length);
      if (bytes === null) throw missing(data.location, "is not beside it");
      if (bytes.byteLength !== data.length) throw missing(data.location, "is cut short");
      return bytes;
    }
    case "derived": {
      const source = await materialise(data.from, read);
      return transformed(source, data.from, constant, data.transform);
    }
    case "joined": {
      const joined = new Uint8Array(constantBytes(constant));
      let at = 0;
      for (const part of data.parts) {
        joined.set(await materialise(part, read), at);
        at += constantBytes(part);
      }
      return joined;
    }
  }
}

function missing(location: string, how: string): StudioError {
  return new StudioError(
    "model-external-data-missing",
    `The model keeps its weights in "${location}", which ${how}; put the whole file in the model's folder or download the model again.`,
  );
}

function transformed(
  source: Uint8Array,
  from: Constant,
  to: Constant,
  transform: Transform,
): Uint8Array {
  switch (transform.kind) {
    case "reshape":
      return source;
    case "cast":
      return castBytes(source, from, to.dtype);
    case "transpose": {
      const strides = stridesOf(from.dims);
      return gather(
        source,
        byteSize(from.dtype),
        to.dims,
        transform.perm.map((axis) => strides[axis]!),
        0,
      );
    }
    case "winograd": {
      const [outChannels, inChannels] = from.dims as [number, number];
      return bytesOf(transformedWeights(floatsOf(source), outChannels, inChannels));
    }
    case "flip-conv": {
      const [, , kernelHeight, kernelWidth] = from.dims as [number, number, number, number];
      const [outer, inner, row] = stridesOf(from.dims) as [number, number, number, number];
      const last = (kernelHeight - 1) * row + (kernelWidth - 1);
      return gather(source, byteSize(from.dtype), to.dims, [inner, outer, -row, -1], last);
    }
    case "panels": {
      const columns = from.dims[1]!;
      return gather(source, byteSize(from.dtype), to.dims, [PANEL_COLUMNS, columns, 1], 0);
    }
  }
}

/** Values of a float constant as float32; exact for float16 and float32 weights. */
export async function materialiseFloat32(
  constant: Constant,
  read: ExternalReader,
): Promise<Float32Array> {
  return floatsOf(await materialise(castConstant(constant, "float32"), read));
}

/** Bytes of float32 numbers as such. */
function floatsOf(bytes: Uint8Array): Float32Array {
  const words = elementsOf(bytes, 4);
  return new Float32Array(words.buffer, words.byteOffset, words.length);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The strided view (dims, strides in elements, start) of `source`, copied into a dense array. */
function gather(
  source: Uint8Array,
  size: number,
  dims: Dims,
  strides: readonly number[],
  start: number,
): Uint8Array {
  const count = elementCount(dims);
  const read = elementsOf(source, size);
  const out = new (size === 1 ? Uint8Array : size === 2 ? Uint16Array : Uint32Array)(
    size === 8 ? 2 * count : count,
  );
  const words = size === 8 ? 2 : 1;
  const index = new Array<number>(dims.length).fill(0);
  const [run, step] = [dims.at(-1) ?? 1, (strides.at(-1) ?? 0) * words];
  let at = start;
  for (let i = 0; i < count; i += run) {
    for (let w = 0; w < words; w++) {
      const [from, to] = [at * words + w, i * words + w];
      for (let j = 0; j < run; j++) out[to + j * words] = read[from + j * step]!;
    }
    for (let axis = dims.length - 2; axis >= 0; axis--) {
      at += strides[axis]!;
      if (++index[axis]! < dims[axis]!) break;
      at -= strides[axis]! * dims[axis]!;
      index[axis] = 0;
    }
  }
  return new Uint8Array(out.buffer);
}

/** Bytes as unsigned words of the element's size (8-byte elements as two words); copies where unaligned. */
function elementsOf(bytes: Uint8Array, size: number): Uint8Array | Uint16Array | Uint32Array {
  const word = Math.min(size, 4);
  // new Uint8Array copies also where `bytes` is one of Node's Buffers, whose slice() does not.
  const aligned = bytes.byteOffset % word === 0 ? bytes : new Uint8Array(bytes);
  const length = aligned.byteLength / word;
  if (word === 1) return aligned;
  if (word === 2) return new Uint16Array(aligned.buffer, aligned.byteOffset, length);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, length);
}

function castBytes(source: Uint8Array, from: Constant, to: DType): Uint8Array {
  if (source.byteLength !== constantBytes(from))
    throw new Error("a constant's bytes do not fit it");
  if (from.dtype === "float16" && to === "float32") {
    return new Uint8Array(widenHalf(elementsOf(source, 2) as Uint16Array).buffer);
  }
  if (from.dtype === "float32" && to === "float16") {
    return new Uint8Array(narrowToHalf(floatsOf(source)).buffer);
  }
  return toBytes({ ...fromBytes(from.dtype, from.dims, source), dtype: to });
}
