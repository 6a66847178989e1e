/** @file Samples as the training graph's inputs. */
import { joined } from "../../core/tensor/parts.ts";
import { TIME_INPUT } from "../../core/surgery/time-features.ts";
import type { Unet } from "../../core/surgery/unet.ts";
import type { DeviceTensor, Tensor } from "../tensor.ts";
import type { Sample } from "./draw.ts";

/** @param batch images of the whole step, whose mean loss is differentiated */
export function sampleFeeds(
  unet: Unet,
  samples: readonly Sample[],
  { batch, lossScale }: { readonly batch: number; readonly lossScale: number | DeviceTensor },
): Record<string, Tensor> {
  const time = unet.timeFeatures(samples.map(({ timestep }) => timestep));
  const [, channels, height, width] = unet.latents;
  return {
    sample: { dims: unet.latents, data: joined(samples.map(({ latents }) => latents)) },
    [TIME_INPUT]: { dims: [samples.length, time.length / samples.length], data: time },
    target: { dims: unet.latents, data: joined(samples.map(({ target }) => target)) },
    loss_weight: {
      dims: [samples.length, 1, height, width],
      data: joined(samples.map(({ mask }) => lossWeight(mask, channels, batch))),
    },
    loss_scale:
      typeof lossScale === "number" ? { dims: [], data: Float32Array.of(lossScale) } : lossScale,
  };
}

/** mask / (C · Σ mask · B): a sample's masked mean squared error as its share of the batch's mean. */
function lossWeight(mask: Float32Array, channels: number, batch: number): Float32Array {
  let inside = 0;
  for (const x of mask) inside += x;
  return mask.map((x) => x / (channels * inside * batch));
}
