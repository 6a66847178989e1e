/** @file onnxruntime's WebAssembly file as it is handed to onnxruntime: with our inner loop of matrix products. */
import { accelerateSgemm } from "../../core/wasm/sgemm.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";

/** The file as it came where it is another than the one that is known, which then is slower and nothing else. */
export function fasterWasm(binary: Uint8Array<ArrayBuffer>): ArrayBuffer {
  const changed = accelerateSgemm(binary, { relaxed: hasRelaxedSimd() });
  return (changed ?? binary).buffer;
}
