/** @file Reads safetensors files: a JSON header, then raw little-endian tensors; every claim of the header is checked. */
import { StudioError } from "../errors.ts";
import { byteSize, type DType } from "./dtype.ts";
import { elementCount } from "./shape.ts";

/** What the format calls each element type, the widest first: the order in which the reference writes tensors. */
export const SAFETENSORS_DTYPES: ReadonlyMap<string, DType> = new Map<string, DType>([
  ["U64", "uint64"],
  ["I64", "int64"],
  ["F64", "float64"],
  ["F32", "float32"],
  ["U32", "uint32"],
  ["I32", "int32"],
  ["BF16", "bfloat16"],
  ["F16", "float16"],
  ["U16", "uint16"],
  ["I16", "int16"],
  ["I8", "int8"],
  ["U8", "uint8"],
  ["BOOL", "bool"],
]);

/** The header's entry of strings that are about the whole file. */
export const METADATA_KEY = "__metadata__";

export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Of a file that was read, a view of it: little-endian, perhaps unaligned. */
  readonly bytes: Uint8Array;
}

export interface Safetensors {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
}

/** The format's own limit on the header. */
const MAX_HEADER = 100_000_000;

/** A tensor of a file of which only the header is at hand: where its numbers lie. */
export interface SafetensorsRange {
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** From the file's beginning. */
  readonly offset: number;
  readonly length: number;
}

export interface SafetensorsHeader {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, SafetensorsRange>;
  /** Of the whole file. */
  readonly fileBytes: number;
}

/** Bytes at a file's beginning that say how long its header is. */
export const LENGTH_BYTES = 8;

/**
 * Bytes of the header and of what says how long it is.
 * @param start of the file, eight bytes at least
 * @throws StudioError "model-corrupt" where this is no such file
 */
export function safetensorsHeaderBytes(start: Uint8Array): number {
  if (start.byteLength < LENGTH_BYTES) throw corrupt("it is too short to have a header");
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER) throw corrupt("it has no header");
  return LENGTH_BYTES + Number(length);
}

/**
 * As strict as the reference implementation: tensors cover the file without gaps or overlaps. Beyond it, a name that
 * is given twice is refused.
 * @param start of the file, its whole header at least
 * @throws as `readSafetensors`
 */
export function readSafetensorsHeader(start: Uint8Array): SafetensorsHeader {
  const body = safetensorsHeaderBytes(start);
  if (body > start.byteLength) throw corrupt("it is cut short");
  const header = parseHeader(start.subarray(LENGTH_BYTES, body));
  const metadata = new Map<string, string>();
  const tensors = new Map<string, SafetensorsRange>();
  const ranges: Range[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (!isObject(entry)) throw corrupt(`the entry ${quoted(name)} is not an object`);
    if (name === METADATA_KEY) {
      for (const [key, value] of Object.entries(entry)) {
        if (typeof value !== "string") throw corrupt(`its metadata ${quoted(key)} is not a text`);
        metadata.set(key, value);
      }
    } else {
      const { dtype, dims, range } = readEntry(name, entry);
      ranges.push(range);
      tensors.set(name, { dtype, dims, offset: body + range[0], length: range[1] - range[0] });
    }
  }
  return { metadata, tensors, fileBytes: body + coveredBytes(ranges) };
}

/**
 * The whole file: besides what its header has to be, nothing comes after its last tensor.
 * @throws StudioError "model-corrupt" where the file is cut short or its header does not describe it,
 *   "model-unsupported" where it has an element type that the studio does not read
 */
export function readSafetensors(file: Uint8Array): Safetensors {
  const { metadata, tensors, fileBytes } = readSafetensorsHeader(file);
  if (fileBytes > file.byteLength) throw corrupt("it is cut short");
  if (fileBytes < file.byteLength) throw corrupt("it goes on after its last tensor");
  const views = [...tensors].map(
    ([name, { dtype, dims, offset, length }]): [string, SafetensorsEntry] => [
      name,
      { dtype, dims, bytes: file.subarray(offset, offset + length) },
    ],
  );
  return { metadata, tensors: new Map(views) };
}

type Range = readonly [from: number, to: number];

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  let unique: boolean;
  try {
    // A byte order mark would be swallowed by the decoder: the format wants "{" first.
    const json = bytes[0] === 0x7b ? new TextDecoder("utf-8", { fatal: true }).decode(bytes) : "";
    header = JSON.parse(json);
    // Parsing keeps the last of two members of one name, and both readers of a file should see the same one.
    unique = memberCount(json) === memberCount(JSON.stringify(header));
  } catch {
    throw corrupt("its header is not JSON");
  }
  if (!unique) throw corrupt("its header names something twice");
  if (!isObject(header)) throw corrupt("its header is not an object");
  return header;
}

/** Number of "name: value" pairs in a JSON text, at any depth. */
function memberCount(json: string): number {
  let members = 0;
  let inString = false;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') inString = !inString;
    else if (inString && character === "\\") i++;
    else if (!inString && character === ":") members++;
  }
  return members;
}

function readEntry(
  name: string,
  entry: Record<string, unknown>,
): { readonly dtype: DType; readonly dims: readonly number[]; readonly range: Range } {
  const { dtype: type, shape: dims, data_offsets: range } = entry;
  const dtype = typeof type === "string" ? SAFETENSORS_DTYPES.get(type) : undefined;
  if (dtype === undefined) {
    if (typeof type !== "string") throw corrupt(`${quoted(name)} has no element type`);
    throw new StudioError(
      "model-unsupported",
      `The tensor ${quoted(name)} has the element type ${quoted(type)}, which the studio does not read; convert the file to float16 or float32.`,
    );
  }
  if (!isCounts(dims) || !isCounts(range) || range.length !== 2) {
    throw corrupt(`${quoted(name)} has no proper shape and range`);
  }
  const [from, to] = range as [number, number];
  if (to - from !== elementCount(dims) * byteSize(dtype)) {
    throw corrupt(`${quoted(name)} does not fit its range`);
  }
  return { dtype, dims, range: [from, to] };
}

function coveredBytes(ranges: readonly Range[]): number {
  let end = 0;
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end) throw corrupt("its tensors overlap or leave gaps");
    end = to;
  }
  return end;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}

/** A name out of a file, which may be anything, as it can stand in a sentence. */
function quoted(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}

function corrupt(reason: string): StudioError {
  return new StudioError(
    "model-corrupt",
    `This is not a whole safetensors file: ${reason}; fetch or export it again.`,
  );
}
