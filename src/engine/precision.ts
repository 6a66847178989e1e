/** @file A runtime that computes in float16, where its device can. */
import { StudioError } from "../core/errors.ts";
import type { Precision } from "../core/precision.ts";
import type { Runtime } from "./ort/runtime.ts";

/**
 * The same runtime, whose UNet, VAE, training graph and the text encoder that is trained through are opened in this
 * precision; a text encoder for painting stays float32.
 * @throws StudioError "backend-unavailable" where float16 is asked for and there is no GPU, or none that computes in it
 */
export function inPrecision(runtime: Runtime, precision: Precision): Runtime {
  if (precision === "float32") return { ...runtime, precision };
  const { device } = runtime;
  if (device === null) {
    throw new StudioError(
      "backend-unavailable",
      "float16 needs a GPU: WebAssembly has no numbers of 16 bits to compute with. Choose float32, or the backend webgpu.",
    );
  }
  if (!device.features.has("shader-f16")) {
    throw new StudioError(
      "backend-unavailable",
      "This GPU, or its driver, does not compute in float16 (WebGPU's feature shader-f16 is missing); choose float32.",
    );
  }
  return { ...runtime, precision };
}
