/** @file How functions are told apart: by their type, and by how often some bytes are in them. */
import type { Code } from "./instructions.ts";
import type { WasmFunction } from "./module.ts";

export function hasType({ type }: WasmFunction, wanted: Code): boolean {
  return type.length === wanted.length && wanted.every((byte, i) => type[i] === byte);
}

export function occurrences({ body }: WasmFunction, wanted: Code): number {
  let count = 0;
  for (let at = body.indexOf(wanted[0]!); at >= 0; at = body.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, i) => body[at + i] === byte)) count += 1;
  }
  return count;
}
