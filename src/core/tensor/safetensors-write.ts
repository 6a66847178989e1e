/** @file Writes safetensors files byte for byte as the reference implementation does, so that equal contents are equal files. */
import { byteSize } from "./dtype.ts";
import { METADATA_KEY, SAFETENSORS_DTYPES, type SafetensorsEntry } from "./safetensors.ts";
import { elementCount } from "./shape.ts";

/** Tensors begin at a multiple of this. */
const ALIGNMENT = 8;

const FORMAT_NAMES = new Map([...SAFETENSORS_DTYPES].map(([name, dtype]) => [dtype, name]));
const WIDEST_FIRST = [...SAFETENSORS_DTYPES.values()];

/**
 * Tensors are ordered by element type, the widest first, then by name; metadata, which the reference leaves in any
 * order, by key.
 * @throws RangeError where a tensor's bytes do not fill its shape, or one has the name of the metadata
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array<ArrayBuffer> {
  for (const [name, { dtype, dims, bytes }] of tensors) {
    if (bytes.byteLength !== elementCount(dims) * byteSize(dtype)) {
      throw new RangeError(
        `${bytes.byteLength} bytes cannot be written as the ${dtype} tensor "${name}" of shape [${dims.join(", ")}]`,
      );
    }
  }
  const { ordered, header, start, end } = layOut(tensors, metadata);
  const file = new Uint8Array(end);
  new DataView(file.buffer).setBigUint64(0, BigInt(start - 8), true);
  file.fill(0x20, 8, start).set(header, 8);
  let at = start;
  for (const [, { bytes }] of ordered) {
    file.set(bytes, at);
    at += bytes.byteLength;
  }
  return file;
}

/** How many bytes `writeSafetensors` would write, without the numbers. */
export function safetensorsSize(
  tensors: ReadonlyMap<string, TensorShape>,
  metadata: ReadonlyMap<string, string> = new Map(),
): number {
  return layOut(tensors, metadata).end;
}

type TensorShape = Pick<SafetensorsEntry, "dtype" | "dims">;

/** The order of tensors, the header without its padding, where the first tensor begins, and where the file ends. */
function layOut<T extends TensorShape>(
  tensors: ReadonlyMap<string, T>,
  metadata: ReadonlyMap<string, string>,
) {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      WIDEST_FIRST.indexOf(a.dtype) - WIDEST_FIRST.indexOf(b.dtype) || compareUtf8(nameA, nameB),
  );
  // Written by hand: an object would put keys that look like numbers first, and has no key "__proto__".
  const members: string[] = [];
  if (metadata.size > 0) {
    const pairs = [...metadata].sort(([a], [b]) => compareUtf8(a, b));
    members.push(member(METADATA_KEY, object(pairs.map(([k, v]) => member(k, JSON.stringify(v))))));
  }
  let end = 0;
  for (const [name, { dtype, dims }] of ordered) {
    if (name === METADATA_KEY) throw new RangeError(`no tensor can be called "${name}"`);
    const from = end;
    end += elementCount(dims) * byteSize(dtype);
    const entry = { dtype: FORMAT_NAMES.get(dtype), shape: dims, data_offsets: [from, end] };
    members.push(member(name, JSON.stringify(entry)));
  }
  const header = new TextEncoder().encode(object(members));
  const start = 8 + Math.ceil(header.length / ALIGNMENT) * ALIGNMENT;
  return { ordered, header, start, end: start + end };
}

function member(name: string, json: string): string {
  return `${JSON.stringify(name)}:${json}`;
}

function object(members: readonly string[]): string {
  return `{${members.join(",")}}`;
}

/** Order of the UTF-8 bytes, which is that of code points; `<` on strings compares UTF-16 units instead. */
function compareUtf8(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const differs = left.findIndex((character, i) => character !== right[i]);
  if (differs === -1) return left.length - right.length;
  return left[differs]!.codePointAt(0)! - (right[differs]?.codePointAt(0) ?? -1);
}
