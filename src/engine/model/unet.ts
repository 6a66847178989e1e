/** @file The UNet as a session for one batch size: latents, a timestep and K/V in, its prediction out. */
import { KV_INPUT } from "../../core/surgery/expose-kv.ts";
import { QUERY_OUT_INPUT } from "../../core/surgery/expose-query-out.ts";
import { TIME_INPUT } from "../../core/surgery/time-features.ts";
import type { Unet } from "../../core/surgery/unet.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import type { HostTensor, Tensor } from "../tensor.ts";
import type { Model } from "./read-model.ts";

export interface UnetSession {
  /** Batch, channels, height and width of latents and prediction. */
  readonly latents: Unet["latents"];
  /**
   * Prediction [B, 4, H, W] for latents of that shape at one timestep.
   * @param kv packed keys and values [B, L, S]
   * @param queryOut the flat query and output projections [N], for a session that was opened to take them
   */
  predict(
    latents: Float32Array,
    timestep: number,
    kv: Tensor,
    queryOut?: Float32Array | null,
  ): Promise<HostTensor>;
  release(): Promise<void>;
}

export async function openUnet(
  model: Model,
  runtime: Runtime,
  batch: number,
  takesQueryOut = false,
): Promise<UnetSession> {
  const unet = batch === 1 && !takesQueryOut ? model.unet : model.unetOf(batch, takesQueryOut);
  const session = await Session.create(runtime, unet.graph, model.reader("unet"), {
    name: "the UNet",
  });
  return {
    latents: unet.latents,
    predict(latents, timestep, kv, queryOut = null) {
      const time = unet.timeFeatures(new Float64Array(batch).fill(timestep));
      return session.runOne({
        sample: { dims: unet.latents, data: latents },
        [TIME_INPUT]: { dims: [batch, time.length / batch], data: time },
        [KV_INPUT]: kv,
        ...(queryOut === null
          ? {}
          : { [QUERY_OUT_INPUT]: { dims: [queryOut.length], data: queryOut } }),
      });
    },
    release: () => session.release(),
  };
}
