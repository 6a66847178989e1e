/** @file What the command line computes on: WebGPU where this machine has a real adapter, WebAssembly else, or as told. */
import { availableParallelism } from "node:os";
import { EVERY_OPTIMISATION, type Optimisations } from "../core/optimisations.ts";
import type { Precision } from "../core/precision.ts";
import { chooseBackend } from "../engine/backend.ts";
import { findAdapter } from "../engine/ort/find-adapter-node.ts";
import { nodeRuntime, nodeWebGpuRuntime } from "../engine/ort/runtime-node.ts";
import type { Runtime } from "../engine/ort/runtime.ts";
import { inPrecision } from "../engine/precision.ts";
import type { BackendPreference } from "../rpc/contracts.ts";

export interface OpenedRuntime {
  readonly runtime: Runtime;
  /** One sentence: what computes, and why. */
  readonly reason: string;
  /** Gives the GPU back and lets the process end; release sessions before. */
  readonly release: () => void;
}

/**
 * @throws StudioError "backend-unavailable" where WebGPU is asked for and this machine has no adapter, which `auto` never
 *   fails for want of, and where float16 is asked for and cannot be computed in
 */
export async function openRuntime(
  preference: BackendPreference,
  optimisations: Optimisations = EVERY_OPTIMISATION,
  precision: Precision = "float32",
): Promise<OpenedRuntime> {
  const { chosen, reason, threads } = chooseBackend(preference, {
    host: "machine",
    adapter: preference === "wasm" ? null : await findAdapter(),
    crossOriginIsolated: true,
    cores: availableParallelism(),
  });
  if (chosen === "wasm") {
    const runtime = inPrecision(nodeRuntime(threads, optimisations), precision);
    return { runtime, reason, release: () => undefined };
  }
  const { runtime, release } = await nodeWebGpuRuntime(optimisations);
  try {
    return { runtime: inPrecision(runtime, precision), reason, release };
  } catch (error) {
    release();
    throw error;
  }
}
