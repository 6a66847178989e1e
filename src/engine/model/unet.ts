/** @file The UNet as a session for one batch size: latents, a timestep and K/V in, its prediction out. */
import type { TokenMaps } from "../../core/attention/attention-sum.ts";
import { StudioError } from "../../core/errors.ts";
import { exposeAttention } from "../../core/surgery/expose-attention.ts";
import { KV_INPUT } from "../../core/surgery/expose-kv.ts";
import { QUERY_OUT_INPUT } from "../../core/surgery/expose-query-out.ts";
import { TIME_INPUT } from "../../core/surgery/time-features.ts";
import type { Unet } from "../../core/surgery/unet.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import type { HostTensor, Tensor } from "../tensor.ts";
import { attentionInParts } from "./large-attention.ts";
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
  /** Compiles it for the GPU. */
  warmUp(): Promise<void>;
  release(): Promise<void>;
}

export interface UnetUse {
  /** Takes the query and output projections as an input, too. */
  readonly queryOut?: boolean;
  /** Hears after each pass where the last picture's tokens were looked at: one map a resolution. */
  readonly onAttention?: ((maps: readonly TokenMaps[]) => void) | undefined;
}

export async function openUnet(
  model: Model,
  runtime: Runtime,
  batch: number,
  { queryOut: takesQueryOut = false, onAttention }: UnetUse = {},
): Promise<UnetSession> {
  const unet = batch === 1 && !takesQueryOut ? model.unet : model.unetOf(batch, takesQueryOut);
  const { graph, maps } =
    onAttention === undefined
      ? { graph: attentionInParts(unet.graph, runtime), maps: [] }
      : exposeAttention(unet);
  const session = await Session.create(runtime, graph, model.reader("unet"), {
    name: "the UNet",
    repeated: true,
    followsPrecision: true,
  });
  return {
    latents: unet.latents,
    async predict(latents, timestep, kv, queryOut = null) {
      const time = unet.timeFeatures(new Float64Array(batch).fill(timestep));
      const outputs = await session.run({
        sample: { dims: unet.latents, data: latents },
        [TIME_INPUT]: { dims: [batch, time.length / batch], data: time },
        [KV_INPUT]: kv,
        ...(queryOut === null
          ? {}
          : { [QUERY_OUT_INPUT]: { dims: [queryOut.length], data: queryOut } }),
      });
      const output = (name: string): HostTensor => {
        const tensor = outputs[name];
        if (tensor !== undefined) return tensor;
        throw new StudioError("internal", `The UNet gives no "${name}".`);
      };
      onAttention?.(
        maps.map(({ name, ...grid }) => {
          const { data } = output(name);
          return { ...grid, data: data.subarray(data.length - data.length / batch) };
        }),
      );
      return output(unet.prediction);
    },
    warmUp: () => session.warmUp(),
    release: () => session.release(),
  };
}
