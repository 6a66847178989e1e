/**
 * @file Pictures of latents on their way: decoded where the decoder is fast beside the UNet, else painted by the linear
 * map that fits the last decoded picture.
 */
import { toPixels } from "../../core/image/convert.ts";
import {
  fitLatentColours,
  type LatentColours,
  paintLatents,
} from "../../core/image/latent-colours.ts";
import type { Planes } from "../../core/image/pixels.ts";
import type { Frame } from "../../rpc/contracts.ts";

const LATENT_CHANNELS = 4;

/** Share of the time that decoding for a preview may take. */
const DECODING_SHARE = 0.1;

export class LatentPreview {
  private readonly decode: (latents: Float32Array) => Promise<Planes>;
  private colours: LatentColours | null = null;
  /** When the last decoding ended, and how long it took. */
  private decoded = { at: -Infinity, took: 0 };

  constructor(decode: (latents: Float32Array) => Promise<Planes>) {
    this.decode = decode;
  }

  async frame(latents: Float32Array): Promise<Frame> {
    const start = performance.now();
    const { at, took } = this.decoded;
    if (this.colours === null || took < DECODING_SHARE * (start - at)) {
      const picture = await this.decode(latents);
      const end = performance.now();
      this.decoded = { at: end, took: end - start };
      this.colours = fitLatentColours(latents, LATENT_CHANNELS, picture);
      return pictureFrame(picture);
    }
    const side = Math.sqrt(latents.length / LATENT_CHANNELS);
    return { width: side, height: side, rgba: paintLatents(latents, this.colours) };
  }
}

function pictureFrame(picture: Planes): Frame {
  const { width, height, data } = toPixels(picture);
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) {
    rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  }
  return { width, height, rgba };
}
