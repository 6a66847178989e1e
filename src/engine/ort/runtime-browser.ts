/** @file Loads and starts onnxruntime-web in a browser worker: the WebGPU build where a device is given, the smaller wasm build else. */
import originalUrl from "onnxruntime-web/ort-wasm-simd-threaded.wasm?url";
import relaxedUrl from "faster-wasm/relaxed.wasm?url";
import simdUrl from "faster-wasm/simd.wasm?url";
import asyncifyUrl from "onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url";
import type { Env } from "onnxruntime-web";
import { StudioError } from "../../core/errors.ts";
import { IN_BROWSERS, type Optimisations } from "../../core/optimisations.ts";
import { PARTS } from "../../core/wasm/accelerate.ts";
import { browserTarget } from "../../core/wasm/target.ts";
import { fasterWasm, wantedParts } from "./faster-wasm.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";
import { type Runtime, runtime } from "./runtime.ts";
import { start } from "./start.ts";

/**
 * @param device the shared GPU device, or null for wasm
 * @param threads for wasm; the WebGPU build computes on one
 */
export async function browserRuntime(
  device: GPUDevice | null,
  threads: number,
  optimisations: Optimisations = IN_BROWSERS,
): Promise<Runtime> {
  try {
    if (device === null) {
      const ort = await import("onnxruntime-web/wasm");
      const used = await chooseFile(ort.env.wasm, optimisations);
      const settings = { backend: "wasm", device, threads, optimisations: used } as const;
      return await started(runtime(ort, settings));
    }
    const ort = await import("onnxruntime-web/webgpu");
    ort.env.wasm.wasmPaths = { wasm: asyncifyUrl };
    return await started(runtime(ort, { backend: "webgpu", device, threads: 1, optimisations }));
  } catch (cause) {
    throw new StudioError(
      "backend-unavailable",
      "The inference engine (onnxruntime-web) could not be loaded; reload the page.",
      { cause },
    );
  }
}

async function started(made: Runtime): Promise<Runtime> {
  await start(made);
  return made;
}

/**
 * The file that onnxruntime is to load. It was made faster before it was served (scripts/faster-wasm-plugin.ts), so that
 * it is compiled while it arrives; where only some of that is wanted, the original is changed here. Gives what is in use.
 */
async function chooseFile(
  env: Env.WebAssemblyFlags,
  wanted: Optimisations,
): Promise<Optimisations> {
  const wide = wanted.has("wide-vectors");
  // An object without `mjs` keeps the glue code that is bundled; a string would fetch it by name.
  if (wantedParts(wanted).length === PARTS.length && !wide) {
    env.wasmPaths = { wasm: hasRelaxedSimd() ? relaxedUrl : simdUrl };
    return wanted;
  }
  const response = await fetch(originalUrl);
  if (!response.ok) throw new Error(`${originalUrl}: ${response.status}`);
  env.wasmPaths = { wasm: originalUrl };
  const { binary, optimisations } = fasterWasm(
    new Uint8Array(await response.arrayBuffer()),
    wanted,
    { ...browserTarget(hasRelaxedSimd()), wide },
  );
  env.wasmBinary = binary;
  return optimisations;
}
