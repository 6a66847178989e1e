/** @file How a session is asked for: what computes it, where its outputs go, what is checked at each run. */
import type { InferenceSession } from "onnxruntime-web";
import type { Runtime } from "./runtime.ts";

export interface SessionPlacement {
  /** Lets nodes without a GPU kernel run on the CPU, for graphs that are run a few times; without meaning on wasm. */
  readonly hostNodes?: boolean;
  /** Outputs that `runOnDevice` leaves on the GPU; without meaning on wasm. */
  readonly onDevice?: readonly string[];
  /**
   * On WebGPU, records the launches of the first run and replays them at every other, which takes a ninth of the
   * processor's time. For graphs that are run often: memory for all that lies between stays theirs. Outputs that are
   * left on the GPU hold until the next run.
   */
  readonly repeated?: boolean;
}

/** Whether the session's runs are recorded and replayed. */
export function isCaptured(
  { device, optimisations }: Pick<Runtime, "device" | "optimisations">,
  { repeated = false }: SessionPlacement,
): boolean {
  return repeated && device !== null && optimisations.has("gpu-graph-capture");
}

/**
 * Casts of one tensor that lie far apart are there so that it waits in float16; onnxruntime would make one of them, and keep
 * its float32 result. Our own passes have merged what is worth it.
 */
const KEEP_CASTS = { disable_specified_optimizers: "CommonSubexpressionElimination" };

/** @param mixed whether the graph casts between float32 and float16 */
export function providerOptions(
  runtime: Pick<Runtime, "device" | "optimisations">,
  placement: SessionPlacement,
  mixed: boolean,
): InferenceSession.SessionOptions {
  const { device, optimisations } = runtime;
  const { onDevice = [], hostNodes = false } = placement;
  const extra = mixed ? { optimization: KEEP_CASTS } : {};
  if (device === null) return { executionProviders: ["wasm"], extra };
  const captured = isCaptured(runtime, placement);
  return {
    executionProviders: [
      {
        name: "webgpu",
        device,
        // Static shapes: freed buffers of the same size come back; the default keeps rounded-up ones for ever.
        storageBufferCacheMode: "simple",
        // "basic" waits for an error scope at the end of every run.
        validationMode: optimisations.has("gpu-validation-off") ? "disabled" : "basic",
      },
    ],
    enableGraphCapture: captured,
    preferredOutputLocation: captured
      ? "gpu-buffer"
      : Object.fromEntries(onDevice.map((name) => [name, "gpu-buffer"])),
    // A node left to the CPU would copy its tensors over the bus every run; better to be told.
    extra: { ...extra, session: { disable_cpu_ep_fallback: hostNodes ? "0" : "1" } },
  };
}
