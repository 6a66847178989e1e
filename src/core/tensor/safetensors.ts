/** @file Reads safetensors files: a JSON header, then raw little-endian tensors; every claim of the header is checked. */
import { StudioError } from "../errors.ts";
import { byteSize, type DType } from "./dtype.ts";
import { elementCount } from "./shape.ts";

const DTYPE_NAMES: Readonly<Record<string, DType>> = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U64: "uint64",
  U32: "uint32",
  U16: "uint16",
  U8: "uint8",
  BOOL: "bool",
};

export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** A view of the file. */
  readonly bytes: Uint8Array;
}

export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

/** The format's own limit on the header. */
const MAX_HEADER = 100_000_000;

/**
 * @throws StudioError "model-corrupt" where the file is cut short or its header does not describe it
 */
export function readSafetensors(file: Uint8Array): Safetensors {
  if (file.byteLength < 8) throw corrupt("it is too short to have a header");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > MAX_HEADER || length > file.byteLength - 8) throw corrupt("it is cut short");
  const start = 8 + Number(length);
  const body = file.subarray(start);
  const header = parseHeader(file.subarray(8, start));
  const metadata = new Map<string, string>();
  const tensors = new Map<string, SafetensorsEntry>();
  for (const [name, entry] of Object.entries(header)) {
    if (!isObject(entry)) throw corrupt(`the entry "${name}" is not an object`);
    if (name === "__metadata__") {
      for (const [key, value] of Object.entries(entry)) metadata.set(key, String(value));
    } else tensors.set(name, readEntry(name, entry, body));
  }
  return { metadata, tensors };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw corrupt("its header is not JSON");
  }
  if (!isObject(header)) throw corrupt("its header is not an object");
  return header;
}

function readEntry(
  name: string,
  entry: Record<string, unknown>,
  body: Uint8Array,
): SafetensorsEntry {
  const dtype = typeof entry["dtype"] === "string" ? DTYPE_NAMES[entry["dtype"]] : undefined;
  const dims = entry["shape"];
  const range = entry["data_offsets"];
  if (dtype === undefined) throw corrupt(`"${name}" has an unknown element type`);
  if (!isCounts(dims) || !isCounts(range) || range.length !== 2) {
    throw corrupt(`"${name}" has no proper shape and range`);
  }
  const [from, to] = range as [number, number];
  if (to > body.byteLength || to - from !== elementCount(dims) * byteSize(dtype)) {
    throw corrupt(`"${name}" does not fit its range`);
  }
  return { dtype, dims, bytes: body.subarray(from, to) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

function corrupt(reason: string): StudioError {
  return new StudioError(
    "model-corrupt",
    `This is not a whole safetensors file: ${reason}; fetch or export it again.`,
  );
}
