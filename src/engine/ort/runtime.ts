/** @file An onnxruntime-web build that is loaded and configured: what sessions are made with. */
import type * as Ort from "onnxruntime-web";
import type { BackendName } from "../../rpc/contracts.ts";
import { Serial } from "./serial.ts";

export interface Runtime {
  readonly backend: BackendName;
  readonly ort: typeof Ort;
  /** The device that sessions and our kernels share; null on wasm. */
  readonly device: GPUDevice | null;
  readonly threads: number;
  /** onnxruntime-web creates and runs one session at a time; everything that calls into it waits here. */
  readonly serial: Serial;
}

export function runtime(
  ort: typeof Ort,
  settings: {
    readonly backend: BackendName;
    readonly device: GPUDevice | null;
    readonly threads: number;
  },
): Runtime {
  ort.env.wasm.numThreads = settings.threads;
  // Warnings about nodes left on the CPU are handled as errors by the session options instead.
  ort.env.logLevel = "error";
  return { ort, serial: new Serial(), ...settings };
}
