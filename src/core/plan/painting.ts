/** @file What painting takes in memory, and what can be said of a model before any of it is there. */
import { StudioError } from "../errors.ts";
import type { PlanDevice } from "./choices.ts";
import { memoryText } from "./plan-text.ts";

/** What is known of a model before it is fetched. */
export interface ModelSize {
  /** Numbers in the UNet, and in all that painting needs: text encoder and VAE's decoder with it. */
  readonly unet: number;
  readonly all: number;
}

/** What a model cannot do on a device, a sentence each; null where it may well. */
export interface Prospects {
  readonly training: string | null;
  readonly painting: string | null;
}

const [FLOAT32, FLOAT16] = [4, 2] as const;

/** A tenth of the weights is the least that a pass computes on besides. */
const BESIDES = 1.1;

/** The forward pass's weights, and those of the backward pass, which reads them flipped or transposed. */
const TRAINED_COPIES = 1.9;

/** By the weights alone: what does not fit so will not fit at all. */
export function prospects(size: ModelSize, device: PlanDevice): Prospects {
  const number = device.half ? FLOAT16 : FLOAT32;
  const painting = BESIDES * number * size.all;
  const training = TRAINED_COPIES * number * size.unet;
  const precision = device.half ? "float16" : "float32";
  const kind = (bytes: number, what: string): string | null => {
    if (bytes <= device.budget) return null;
    const needs = `${what} with this model takes at least ${memoryText(bytes)} in ${precision}`;
    return device.backend === "wasm"
      ? `${needs}, and WebAssembly, which computes here, has ${memoryText(device.budget)} at most; it needs a GPU with WebGPU.`
      : `${needs}, more than the ${memoryText(device.budget)} of the GPU that may be used; allow more where it has more.`;
  };
  return { training: kind(training, "Training"), painting: kind(painting, "Painting") };
}

/**
 * @param weights bytes of a session's weights, all sessions together
 * @throws StudioError "does-not-fit" where a heap cannot hold them
 */
export function refuseUnpaintable(weights: number, device: PlanDevice): void {
  if (BESIDES * weights <= device.budget) return;
  throw new StudioError(
    "does-not-fit",
    `This model does not fit: its weights take ${memoryText(weights)}, and ${device.backend === "wasm" ? "WebAssembly, which computes here, has" : "of the GPU may be used"} ${memoryText(device.budget)}. ${device.backend === "wasm" ? "Use a browser and a GPU with WebGPU, or a smaller model." : "Allow more where the GPU has more, or use a smaller model."}`,
  );
}
