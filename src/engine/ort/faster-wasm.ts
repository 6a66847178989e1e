/** @file onnxruntime's WebAssembly file as it is handed to onnxruntime: with faster functions. */
import type { Optimisation, Optimisations } from "../../core/optimisations.ts";
import { accelerate, PARTS } from "../../core/wasm/accelerate.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";

export interface FasterWasm {
  readonly binary: ArrayBuffer;
  /** Those that are in use: a file of another version may not have all functions that are known. */
  readonly optimisations: Optimisations;
}

export function fasterWasm(bytes: Uint8Array, wanted: Optimisations): FasterWasm {
  const { bytes: changed, parts } = accelerate(bytes, {
    relaxed: hasRelaxedSimd(),
    parts: PARTS.filter((part) => wanted.has(`wasm-${part}`)),
  });
  const optimisations = new Set(wanted);
  for (const part of PARTS) {
    const name: Optimisation = `wasm-${part}`;
    if (!parts.includes(part)) optimisations.delete(name);
  }
  return { binary: changed.buffer, optimisations };
}
