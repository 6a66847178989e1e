/** @file How functions are told apart: by their type, and by how often some bytes are in them; and how such bytes are changed. */
import type { Code } from "./instructions.ts";
import { leb, readLeb } from "./leb128.ts";
import type { WasmFunction } from "./module.ts";

export function hasType({ type }: WasmFunction, wanted: Code): boolean {
  return type.length === wanted.length && wanted.every((byte, i) => type[i] === byte);
}

export function occurrences({ body }: WasmFunction, wanted: Code): number {
  return places(body, wanted).length;
}

/** The function with the one place that has these bytes changed; `to` is told the bytes before it. */
export function replaced(
  it: WasmFunction,
  from: Code,
  to: Code | ((before: Uint8Array) => Code),
): WasmFunction {
  const { body } = it;
  const at = places(body, from)[0]!;
  const before = body.subarray(0, at);
  const bytes = typeof to === "function" ? to(before) : to;
  const after = body.subarray(at + from.length);
  return { ...it, body: Uint8Array.from([...before, ...bytes, ...after]) };
}

/** The function with more locals after its own, so many of each type, and code put before its own. */
export function extended(
  it: WasmFunction,
  more: readonly (readonly [count: number, type: number])[],
  code: (first: number) => Code = () => [],
): { readonly it: WasmFunction; readonly first: number } {
  const { type, body } = it;
  const [groups, start] = readLeb(body, 0);
  let at = start;
  // A type begins with the number of parameters, which are locals too.
  let first = type[0]!;
  for (let group = 0; group < groups; group++) {
    const [count, next] = readLeb(body, at);
    first += count;
    at = next + 1;
  }
  const bytes = [
    ...[...leb(groups + more.length), ...body.subarray(start, at)],
    ...more.flatMap(([count, kind]) => [...leb(count), kind]),
    ...[...code(first), ...body.subarray(at)],
  ];
  return { it: { ...it, body: Uint8Array.from(bytes) }, first };
}

function places(body: Uint8Array, wanted: Code): number[] {
  const found: number[] = [];
  for (let at = body.indexOf(wanted[0]!); at >= 0; at = body.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => body[at + i] === byte)) found.push(at);
  }
  return found;
}
