/** @file Loads onnxruntime-web in Node: wasm with threads, or WebGPU on the adapter that Dawn finds. */
import * as ort from "onnxruntime-web";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { EVERY_OPTIMISATION, type Optimisations } from "../../core/optimisations.ts";
import { type AdapterFacts, adapterFacts, requestDevice } from "../device.ts";
import { acceptSharedMemory, openDawn } from "./dawn-node.ts";
import { fasterWasm } from "./faster-wasm.ts";
import { hasRelaxedSimd } from "./relaxed-simd.ts";
import { type Runtime, runtime } from "./runtime.ts";
import { setWideVectors } from "./wide-vectors-node.ts";

export function nodeRuntime(
  threads = Math.min(8, availableParallelism()),
  wanted: Optimisations = EVERY_OPTIMISATION,
): Runtime {
  // V8 11, of Node 20, has relaxed SIMD behind a flag.
  if (!hasRelaxedSimd()) setFlagsFromString("--experimental-wasm-relaxed-simd");
  const file = fileURLToPath(import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.wasm"));
  const binary = Uint8Array.from(readFileSync(file));
  const usable = new Set(wanted);
  if (!setWideVectors(wanted.has("wide-vectors"))) usable.delete("wide-vectors");
  const { binary: faster, optimisations } = fasterWasm(binary, usable, {
    relaxed: hasRelaxedSimd(),
    tall: Number.parseInt(process.versions.v8) > 11,
    wide: usable.has("wide-vectors"),
  });
  ort.env.wasm.wasmBinary = faster;
  return runtime(ort, { backend: "wasm", device: null, threads, optimisations });
}

/**
 * Bytes of a WebAssembly function that are executed before V8 optimises it: V8 12's default, for Node 20, whose V8 takes
 * 1.8 million. Two functions of onnxruntime's WebGPU build are 1.5 million bytes long and run once; optimising either
 * takes 25 s and 1 GB, and Node waits for it as soon as its event loop is empty.
 */
const TIERING_BUDGET = 13_000_000;

export interface WebGpuRuntime {
  readonly runtime: Runtime;
  readonly adapter: AdapterFacts;
  /** Destroys the device and lets the process end; release sessions before. */
  readonly release: () => void;
}

/**
 * @param dawn Dawn's own options
 * @throws StudioError "backend-unavailable" where there is no adapter, no device, or no Dawn for this platform
 */
export async function nodeWebGpuRuntime(
  optimisations: Optimisations = EVERY_OPTIMISATION,
  dawn: readonly string[] = [],
): Promise<WebGpuRuntime> {
  const { adapter, release } = await openDawn(dawn);
  try {
    const device = await requestDevice(adapter);
    acceptSharedMemory(device.queue);
    setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);
    const webgpu = await import("onnxruntime-web/webgpu");
    // Left to itself it would fetch the file, and Node's fetch reads no files.
    const binary = import.meta.resolve("onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm");
    webgpu.env.wasm.wasmBinary = await readFile(fileURLToPath(binary));
    return {
      runtime: runtime(webgpu, { backend: "webgpu", device, threads: 1, optimisations }),
      adapter: adapterFacts(adapter),
      release: () => {
        device.destroy();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}
