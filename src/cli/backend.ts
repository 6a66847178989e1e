/** @file What the command line computes on: WebGPU where this machine has a real adapter, WebAssembly else, or as told. */
import { availableParallelism } from "node:os";
import { EVERY_OPTIMISATION, type Optimisations } from "../core/optimisations.ts";
import { chooseBackend } from "../engine/backend.ts";
import { findAdapter } from "../engine/ort/find-adapter-node.ts";
import { nodeRuntime, nodeWebGpuRuntime } from "../engine/ort/runtime-node.ts";
import type { Runtime } from "../engine/ort/runtime.ts";
import type { BackendPreference } from "../rpc/contracts.ts";

export interface OpenedRuntime {
  readonly runtime: Runtime;
  /** One sentence: what computes, and why. */
  readonly reason: string;
  /** Gives the GPU back and lets the process end; release sessions before. */
  readonly release: () => void;
}

/**
 * @throws StudioError "backend-unavailable" where WebGPU is asked for and this machine has no adapter; `auto` never
 *   fails for want of one
 */
export async function openRuntime(
  preference: BackendPreference,
  optimisations: Optimisations = EVERY_OPTIMISATION,
): Promise<OpenedRuntime> {
  const { chosen, reason, threads } = chooseBackend(preference, {
    host: "machine",
    adapter: preference === "wasm" ? null : await findAdapter(),
    crossOriginIsolated: true,
    cores: availableParallelism(),
  });
  if (chosen === "wasm") {
    return { runtime: nodeRuntime(threads, optimisations), reason, release: () => undefined };
  }
  const { runtime, release } = await nodeWebGpuRuntime(optimisations);
  return { runtime, reason, release };
}
