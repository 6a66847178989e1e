/** @file Loads onnxruntime-web in a browser worker: the WebGPU build where a device is given, the smaller wasm build else. */
import wasmUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import asyncifyUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import { StudioError } from "../../core/errors.ts";
import { EVERY_OPTIMISATION, type Optimisations } from "../../core/optimisations.ts";
import { fasterWasm } from "./faster-wasm.ts";
import { type Runtime, runtime } from "./runtime.ts";

/**
 * @param device the shared GPU device, or null for wasm
 * @param threads for wasm; the WebGPU build computes on one
 */
export async function browserRuntime(
  device: GPUDevice | null,
  threads: number,
  optimisations: Optimisations = EVERY_OPTIMISATION,
): Promise<Runtime> {
  try {
    if (device === null) {
      const ort = await import("onnxruntime-web/wasm");
      const response = await fetch(wasmUrl);
      if (!response.ok) throw new Error(`${wasmUrl}: ${response.status}`);
      // An object without `mjs` keeps the glue code that is bundled; a string would fetch it by name.
      ort.env.wasm.wasmPaths = { wasm: wasmUrl };
      const faster = fasterWasm(new Uint8Array(await response.arrayBuffer()), optimisations);
      ort.env.wasm.wasmBinary = faster.binary;
      return runtime(ort, {
        backend: "wasm",
        device,
        threads,
        optimisations: faster.optimisations,
      });
    }
    const ort = await import("onnxruntime-web/webgpu");
    ort.env.wasm.wasmPaths = { wasm: asyncifyUrl };
    return runtime(ort, { backend: "webgpu", device, threads: 1, optimisations });
  } catch (cause) {
    throw new StudioError(
      "backend-unavailable",
      "The inference engine (onnxruntime-web) could not be loaded; reload the page.",
      { cause },
    );
  }
}
