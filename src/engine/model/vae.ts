/** @file The two halves of the VAE: pictures to the distribution of their latents, and latents to pictures. */
import { StudioError } from "../../core/errors.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { prepareVae, type Vae, type VaePart } from "../../core/surgery/vae.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import type { HostTensor } from "../tensor.ts";
import { attentionInParts } from "./large-attention.ts";
import {
  type Model,
  type ModelBasis,
  pictureSize,
  type ReadGraph,
  readGraph,
} from "./read-model.ts";

/** Normal distribution of a picture's latents [4, H, W], scaled as the UNet reads them. */
export interface LatentDistribution {
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
}

export interface VaeEncoder {
  /** Latents of a picture of H·8 x W·8 pixels (diffusers: AutoencoderKL.encode, DiagonalGaussianDistribution). */
  encode(picture: Planes): Promise<LatentDistribution>;
  release(): Promise<void>;
}

export async function openVaeEncoder(model: Model, runtime: Runtime): Promise<VaeEncoder> {
  const { sampleSize, scalingFactor } = model.config;
  const pixels = pictureSize(model);
  const count = 4 * sampleSize * sampleSize;
  const { session, input } = await openPart(model, runtime, "vae_encoder", [1, 3, pixels, pixels]);
  return {
    async encode({ data, width, height }) {
      if (width !== pixels || height !== pixels) {
        throw new StudioError("internal", `The VAE reads ${pixels} px, not ${width} x ${height}.`);
      }
      const moments = await session.runOne({ [input]: { dims: [1, 3, pixels, pixels], data } });
      if (moments.data.length === count) {
        // An older export that gives the mean only.
        const mean = Float32Array.from(moments.data, (x) => x * scalingFactor);
        return { mean, deviation: new Float32Array(count) };
      }
      const mean = Float32Array.from(moments.data.subarray(0, count), (x) => x * scalingFactor);
      const deviation = Float32Array.from(
        moments.data.subarray(count),
        // diffusers clamps the log-variance to [-30, 20].
        (x) => Math.exp(0.5 * Math.min(20, Math.max(-30, x))) * scalingFactor,
      );
      return { mean, deviation };
    },
    release: () => session.release(),
  };
}

export interface VaeDecoder {
  /** The picture of latents [4, H, W] as the UNet gives them; beyond [-1, 1] where the decoder overshoots. */
  decode(latents: Float32Array): Promise<Planes>;
  release(): Promise<void>;
}

/** @param graph of the part, where it is being read already */
export async function openVaeDecoder(
  model: ModelBasis,
  runtime: Runtime,
  graph?: Promise<ReadGraph>,
): Promise<VaeDecoder> {
  const { sampleSize, scalingFactor } = model.config;
  const dims = [1, 4, sampleSize, sampleSize] as const;
  const { session, input } = await openPart(model, runtime, "vae_decoder", dims, graph);
  const pixels = pictureSize(model);
  return {
    async decode(latents) {
      const data = latents.map((x) => x / scalingFactor);
      const picture = await session.runOne({ [input]: { dims, data } });
      return { width: pixels, height: pixels, data: Float32Array.from(picture.data) };
    },
    release: () => session.release(),
  };
}

async function openPart(
  model: ModelBasis,
  runtime: Runtime,
  part: VaePart,
  dims: HostTensor["dims"],
  read = readGraph(model.files, part),
): Promise<{ readonly session: Session; readonly input: string }> {
  const { graph, input } = await vaeGraph(model, part, dims, read);
  const name = part.replace("_", " ");
  const parted = attentionInParts(graph, runtime);
  const session = await Session.create(runtime, parted, model.reader(part), {
    name,
    followsPrecision: true,
  });
  return { session, input };
}

/** A half of the VAE as its session gets it, for an input of this shape. */
export async function vaeGraph(
  model: ModelBasis,
  part: VaePart,
  dims: HostTensor["dims"],
  read = readGraph(model.files, part),
): Promise<Vae> {
  return prepareVae((await read).graph, part, dims);
}
