/** @file onnxruntime's WebAssembly file as it is handed to onnxruntime: with faster functions. */
import { accelerate, PARTS } from "../../core/wasm/accelerate.ts";
import type { Optimisations } from "../../core/optimisations.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";

/** The file as it came where it is another than the one that is known, which then is slower and nothing else. */
export function fasterWasm(
  binary: Uint8Array<ArrayBuffer>,
  optimisations: Optimisations,
): ArrayBuffer {
  const parts = PARTS.filter((part) => optimisations.has(`wasm-${part}`));
  const changed = accelerate(binary, { relaxed: hasRelaxedSimd(), parts });
  return (changed ?? binary).buffer;
}
