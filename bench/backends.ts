/** @file What is measured on: wasm always, and WebGPU beside it where it is worth measuring, or asked for. */
import { chooseBackend } from "../src/engine/backend.ts";
import { findAdapter } from "../src/engine/ort/find-adapter-node.ts";
import { nodeRuntime, nodeWebGpuRuntime } from "../src/engine/ort/runtime-node.ts";
import type { Runtime } from "../src/engine/ort/runtime.ts";
import type { BackendPreference } from "../src/rpc/contracts.ts";

export interface Backends {
  /** wasm first. */
  readonly runtimes: readonly Runtime[];
  /** What WebGPU computes on; null where it does not. */
  readonly webgpu: { readonly adapter: string | null; readonly emulated: boolean } | null;
  /** One sentence: what computes, and why. */
  readonly reason: string;
  /** Gives the GPU back and lets the process end; release sessions before. */
  readonly release: () => void;
}

/** @throws StudioError "backend-unavailable" where WebGPU is asked for and this machine has no adapter */
export async function openBackends(
  preference: BackendPreference,
  threads: number,
): Promise<Backends> {
  const { chosen, reason, adapter, isFallbackAdapter } = chooseBackend(preference, {
    host: "machine",
    adapter: preference === "wasm" ? null : await findAdapter(),
    crossOriginIsolated: true,
    cores: threads,
  });
  const wasm = nodeRuntime(threads);
  if (chosen === "wasm") {
    return { runtimes: [wasm], webgpu: null, reason, release: () => undefined };
  }
  const { runtime, release } = await nodeWebGpuRuntime();
  return {
    runtimes: [wasm, runtime],
    webgpu: { adapter, emulated: isFallbackAdapter },
    reason,
    release,
  };
}
