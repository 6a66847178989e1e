/** @file The inputs that a UNet's golden was made with, and the packed K/V of the same text features. */
import type { ExternalReader } from "../../src/core/onnx/materialise.ts";
import { packedKvWeights } from "../../src/core/surgery/kv-layout.ts";
import { type KvProjectionShape, projectKv } from "../../src/core/surgery/kv-projection.ts";
import type { Unet } from "../../src/core/surgery/unet.ts";
import { elementCount } from "../../src/core/tensor/shape.ts";
import type { HostTensor } from "../../src/engine/tensor.ts";
import type { Golden } from "./golden.ts";
import { normals } from "./seeded.ts";

/** Seed of every seeded input of the goldens (tools/make_goldens.py). */
const SEED = 11;

/** A seeded tensor. */
export interface SeededTensor extends HostTensor {
  readonly data: Float32Array;
}

export interface GoldenFeeds {
  /** One tensor a graph input. */
  readonly feeds: Readonly<Record<string, HostTensor>>;
  /** Text features c [B, L, E] and packed weights W [E, S]. */
  readonly features: Float32Array;
  readonly weights: Float32Array;
  readonly shape: KvProjectionShape;
}

export function seeded(name: string, dims: readonly number[]): SeededTensor {
  return { dims, data: normals(SEED, name, elementCount(dims)) };
}

export async function goldenFeeds(
  unet: Unet,
  read: ExternalReader,
  golden: Golden,
  features = seeded("encoder_hidden_states", [
    unet.shape.batch,
    unet.shape.tokens,
    unet.shape.textWidth,
  ]).data,
): Promise<GoldenFeeds> {
  const { batch, height, width, tokens, textWidth } = unet.shape;
  const shape = { batch, tokens, textWidth, columns: unet.kv.columns };
  const time = unet.timeFeatures(golden.get("timesteps").data);
  const latents = [batch, 4, height, width];
  const weights = await packedKvWeights(unet.kv, read);
  const kv = Float32Array.from(projectKv(features, weights, shape));
  return {
    features,
    weights,
    shape,
    feeds: {
      sample: seeded("sample", latents),
      time_features: { dims: [batch, time.length / batch], data: time },
      kv: { dims: [batch, tokens, unet.kv.columns], data: kv },
      target: seeded("target", latents),
      loss_weight: {
        dims: [batch, 1, height, width],
        data: Float32Array.from(golden.get("loss_weight").data),
      },
      loss_scale: { dims: [], data: Float32Array.of(1) },
    },
  };
}

/** The feeds of some inputs only. */
export function pick(
  feeds: Readonly<Record<string, HostTensor>>,
  names: readonly string[],
): Record<string, HostTensor> {
  return Object.fromEntries(names.map((name) => [name, feeds[name]!]));
}
