/** @file Whether the engine that runs us has relaxed SIMD. */
import { f32x4RelaxedMultiplyAdd, get, V128 } from "../../core/wasm/instructions.ts";

const TYPES = [1, 8, 1, 0x60, 3, V128, V128, V128, 1, V128];
const FUNCTIONS = [3, 2, 1, 0];
const BODY = [0, ...get(0), ...get(1), ...get(2), ...f32x4RelaxedMultiplyAdd, 0x0b];
const CODE = [10, BODY.length + 2, 1, BODY.length, ...BODY];
/** A module of one function: f32x4.relaxed_madd of its three parameters. */
const PROBE = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[...TYPES, ...FUNCTIONS, ...CODE],
]);

export function hasRelaxedSimd(): boolean {
  return WebAssembly.validate(PROBE);
}
