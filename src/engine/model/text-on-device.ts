/** @file The text encoder and its gradient between buffers on the GPU. */
import { EMBEDS_INPUT, textEncoderGradient } from "../../core/surgery/text-encoder.ts";
import { StudioError } from "../../core/errors.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import { type DeviceTensor, isOnDevice, type Tensor } from "../tensor.ts";
import type { Model } from "./read-model.ts";

export interface DeviceText {
  /** Text features [1, L, E] of token embeddings [1, L, E]; hold until the next call. */
  encode(embeds: Tensor): Promise<DeviceTensor>;
  /** Gradient of the embeddings, given that of the features; holds until the next call. */
  backward(embeds: DeviceTensor, dFeatures: DeviceTensor): Promise<DeviceTensor>;
  /** Compiles it for the GPU. */
  warmUp(): Promise<void>;
  release(): Promise<void>;
}

/** @param trained whether `backward` is wanted */
export async function openDeviceText(
  model: Model,
  runtime: Runtime,
  trained: boolean,
): Promise<DeviceText> {
  const { textEncoder } = model;
  const reader = model.reader("text_encoder");
  const forward = await Session.create(runtime, textEncoder.graph, reader, {
    name: "the text encoder",
    onDevice: [textEncoder.hidden],
    repeated: true,
    followsPrecision: true,
  });
  const gradient = trained ? textEncoderGradient(textEncoder) : null;
  const backward =
    gradient === null
      ? null
      : await Session.create(runtime, gradient.graph, reader, {
          name: "the text encoder's gradient",
          onDevice: [gradient.hidden, gradient.gradient],
          repeated: true,
          followsPrecision: true,
        });
  return {
    encode: async (embeds) =>
      onDevice((await forward.runOnDevice({ [EMBEDS_INPUT]: embeds }))[textEncoder.hidden]),
    async backward(embeds, dFeatures) {
      if (backward === null || gradient === null) {
        throw new StudioError("internal", "The text encoder was opened without its gradient.");
      }
      const feeds = { [EMBEDS_INPUT]: embeds, d_hidden: dFeatures };
      const results = await backward.runOnDevice(feeds);
      onDevice(results[gradient.hidden]).dispose();
      return onDevice(results[gradient.gradient]);
    },
    async warmUp() {
      await forward.warmUp();
      await backward?.warmUp();
    },
    async release() {
      await forward.release();
      await backward?.release();
    },
  };
}

function onDevice(tensor: Tensor | undefined): DeviceTensor {
  if (tensor !== undefined && isOnDevice(tensor)) return tensor;
  throw new StudioError("internal", "The text encoder's result is not on the GPU.");
}
