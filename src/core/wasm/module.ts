/**
 * @file A WebAssembly module taken apart as far as its functions' bodies, and put together again with some of them changed and
 * some more.
 */
import { StudioError } from "../errors.ts";
import { leb, readLeb } from "./leb128.ts";

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const [TYPE_SECTION, IMPORT_SECTION, FUNCTION_SECTION, CODE_SECTION] = [1, 2, 3, 10];
const FUNCTION_TYPE = 0x60;
const IMPORT_KINDS = { function: 0, table: 1, memory: 2, global: 3 } as const;
/** Of a table's or a memory's limits. */
const HAS_MAXIMUM = 1;

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

/** A function's new body, and functions of the same type that it calls, numbered from `next` on. */
export interface Changed {
  readonly body: Uint8Array;
  readonly more: readonly Uint8Array[];
}

/**
 * The module with every function's body as `change` gives it; null leaves one as it is.
 * @param change is told the number that the first further function gets, should it want any
 * @throws StudioError "backend-unavailable" where the bytes are not a whole module
 */
export function changeFunctions(
  bytes: Uint8Array,
  change: (it: WasmFunction, next: number) => Uint8Array | Changed | null,
): Uint8Array<ArrayBuffer> {
  const sections = sectionsOf(bytes);
  const content = (id: number): Uint8Array => {
    const found = sections.find((section) => section.id === id);
    if (found === undefined) throw notWhole();
    return found.content;
  };
  const types = functionTypes(content(TYPE_SECTION));
  const indices = functionIndices(content(FUNCTION_SECTION));
  const imports = sections.find(({ id }) => id === IMPORT_SECTION);
  const first = (imports === undefined ? 0 : importedFunctions(imports.content)) + indices.length;
  const bodies: Uint8Array[] = [];
  const more: { readonly index: number; readonly body: Uint8Array }[] = [];
  const old = content(CODE_SECTION);
  const [count, start] = readLeb(old, 0);
  let at = start;
  if (count !== indices.length) throw notWhole();
  for (const index of indices) {
    const [size, from] = readLeb(old, at);
    at = from + size;
    const type = types[index];
    if (type === undefined || at > old.length) throw notWhole();
    const body = old.subarray(from, at);
    const next = change({ type, body }, first + more.length) ?? body;
    bodies.push("more" in next ? next.body : next);
    if ("more" in next) more.push(...next.more.map((extra) => ({ index, body: extra })));
  }
  const functions = [...indices, ...more.map(({ index }) => index)];
  const changed = new Map([
    [FUNCTION_SECTION, Uint8Array.from([functions.length, ...functions].flatMap(leb))],
    [CODE_SECTION, codeSection([...bodies, ...more.map(({ body }) => body)])],
  ]);
  return joined([
    Uint8Array.from(HEADER),
    ...sections.flatMap(({ id, content: old }) => {
      const next = changed.get(id) ?? old;
      return [Uint8Array.from([id, ...leb(next.length)]), next];
    }),
  ]);
}

function codeSection(bodies: readonly Uint8Array[]): Uint8Array {
  const sized = bodies.flatMap((body) => [Uint8Array.from(leb(body.length)), body]);
  return joined([Uint8Array.from(leb(bodies.length)), ...sized]);
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

/** How many of the imports are functions. */
function importedFunctions(section: Uint8Array): number {
  const [count, start] = readLeb(section, 0);
  let [functions, at] = [0, start];
  const skip = (): number => {
    const [value, next] = readLeb(section, at);
    at = next;
    return value;
  };
  const skipLimits = (): void => {
    const flags = skip();
    skip();
    if ((flags & HAS_MAXIMUM) !== 0) skip();
  };
  for (let i = 0; i < count; i++) {
    // The module's name and the import's own.
    for (let name = 0; name < 2; name++) {
      const length = skip();
      at += length;
    }
    const kind = section[at++];
    if (kind === IMPORT_KINDS.function) {
      skip();
      functions++;
    } else if (kind === IMPORT_KINDS.table) {
      at++;
      skipLimits();
    } else if (kind === IMPORT_KINDS.memory) skipLimits();
    else if (kind === IMPORT_KINDS.global) at += 2;
    else throw notWhole();
  }
  return functions;
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
