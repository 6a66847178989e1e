/** @file What is measured on: wasm always, and WebGPU beside it where it is worth measuring, or asked for. */
import { StudioError } from "../src/core/errors.ts";
import { chooseBackend } from "../src/engine/backend.ts";
import { findAdapter } from "../src/engine/ort/find-adapter-node.ts";
import { nodeRuntime, nodeWebGpuRuntime } from "../src/engine/ort/runtime-node.ts";
import type { Runtime } from "../src/engine/ort/runtime.ts";
import type { BenchOptions } from "./options.ts";

export interface Backends {
  /** wasm first, where it is measured. */
  readonly runtimes: readonly Runtime[];
  /** What WebGPU computes on; null where it does not. */
  readonly webgpu: { readonly adapter: string | null; readonly emulated: boolean } | null;
  /** One sentence: what computes, and why. */
  readonly reason: string;
  /** Gives the GPU back and lets the process end; release sessions before. */
  readonly release: () => void;
}

/** @throws StudioError "backend-unavailable" where WebGPU is asked for, or nothing else, and there is no adapter */
export async function openBackends({
  backend: preference,
  threads,
  gpuOnly,
  optimisations,
}: Pick<BenchOptions, "backend" | "threads" | "gpuOnly" | "optimisations">): Promise<Backends> {
  const { chosen, reason, adapter, isFallbackAdapter } = chooseBackend(preference, {
    host: "machine",
    adapter: preference === "wasm" ? null : await findAdapter(),
    crossOriginIsolated: true,
    cores: threads,
  });
  const wasm = nodeRuntime(threads, optimisations);
  if (chosen === "wasm") {
    if (gpuOnly)
      throw new StudioError("backend-unavailable", `--gpu-only measures nothing: ${reason}`);
    return { runtimes: [wasm], webgpu: null, reason, release: () => undefined };
  }
  const { runtime, release } = await nodeWebGpuRuntime(optimisations);
  return {
    runtimes: gpuOnly ? [runtime] : [wasm, runtime],
    webgpu: { adapter, emulated: isFallbackAdapter },
    reason,
    release,
  };
}
