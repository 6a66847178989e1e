/** @file A WebAssembly module taken apart as far as its functions' bodies, and put together again with some of them changed. */
import { StudioError } from "../errors.ts";
import { leb, readLeb } from "./leb128.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const [TYPE_SECTION, FUNCTION_SECTION, CODE_SECTION] = [1, 3, 10];
const FUNCTION_TYPE = 0x60;

/** A function that the module defines. */
export interface WasmFunction {
  /** Its type as the file has it: parameters and results, each a count and as many type bytes. */
  readonly type: Uint8Array;
  /** Local declarations and code. */
  readonly body: Uint8Array;
}

interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

/**
 * The module with every function's body as `change` gives it; null leaves one as it is.
 * @throws StudioError "backend-unavailable" where the bytes are not a whole module
 */
export function changeFunctions(
  bytes: Uint8Array,
  change: (it: WasmFunction) => Uint8Array | null,
): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(bytes);
  const content = (id: number): Uint8Array => {
    const found = sections.find((section) => section.id === id);
    if (found === undefined) throw notWhole();
    return found.content;
  };
  const types = functionTypes(content(TYPE_SECTION));
  const indices = functionIndices(content(FUNCTION_SECTION));
  const parts: Uint8Array[] = [Uint8Array.from(HEADER)];
  for (const section of sections) {
    const changed = section.id === CODE_SECTION ? code(section.content) : section.content;
    parts.push(Uint8Array.from([section.id, ...leb(changed.length)]), changed);
  }
  return joined(parts);

  function code(old: Uint8Array): Uint8Array {
    const [count, start] = readLeb(old, 0);
    if (count !== indices.length) throw notWhole();
    const bodies: Uint8Array[] = [Uint8Array.from(leb(count))];
    let at = start;
    for (const index of indices) {
      const [size, from] = readLeb(old, at);
      at = from + size;
      const type = types[index];
      if (type === undefined || at > old.length) throw notWhole();
      const body = old.subarray(from, at);
      const next = change({ type, body }) ?? body;
      bodies.push(Uint8Array.from(leb(next.length)), next);
    }
    return joined(bodies);
  }
}

function sectionsOf(bytes: Uint8Array): Section[] {
  if (HEADER.some((byte, i) => bytes[i] !== byte)) throw notWhole();
  const sections: Section[] = [];
  for (let at = HEADER.length; at < bytes.length;) {
    const [size, from] = readLeb(bytes, at + 1);
    if (from + size > bytes.length) throw notWhole();
    sections.push({ id: bytes[at]!, content: bytes.subarray(from, from + size) });
    at = from + size;
  }
  return sections;
}

/** Every type in turn; one that is no plain function type ends the list, for its length is not known. */
function functionTypes(section: Uint8Array): Uint8Array[] {
  const [count, start] = readLeb(section, 0);
  const types: Uint8Array[] = [];
  let at = start;
  while (types.length < count && section[at] === FUNCTION_TYPE) {
    const from = at + 1;
    const [parameters, afterCount] = readLeb(section, from);
    const [results, afterResults] = readLeb(section, afterCount + parameters);
    at = afterResults + results;
    types.push(section.subarray(from, at));
  }
  return types;
}

function functionIndices(section: Uint8Array): number[] {
  const [count, start] = readLeb(section, 0);
  const indices: number[] = [];
  let at = start;
  while (indices.length < count) {
    const [index, next] = readLeb(section, at);
    indices.push(index);
    at = next;
  }
  return indices;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function notWhole(): StudioError {
  return new StudioError(
    "backend-unavailable",
    "The inference engine's WebAssembly file is cut short or damaged; reload the page, or install again.",
  );
}
