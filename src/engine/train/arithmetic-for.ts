/** @file The arithmetic that goes with a runtime: our kernels on its GPU, sessions and loops on wasm. */
import type { Runtime } from "../ort/runtime.ts";
import { createHostArithmetic } from "./arithmetic-host.ts";
import { createWebGpuArithmetic } from "./arithmetic-webgpu.ts";
import type { ArithmeticSettings, TrainingArithmetic } from "./arithmetic.ts";

export function createArithmetic(
  runtime: Runtime,
  settings: ArithmeticSettings,
): Promise<TrainingArithmetic> {
  return runtime.device === null
    ? Promise.resolve(createHostArithmetic(runtime, settings))
    : createWebGpuArithmetic(runtime.device, settings);
}
