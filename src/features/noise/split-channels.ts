/** @file Cuts a [batch, channels, height, width] tensor into the channels of its first image. */

export interface Channel {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

export function splitChannels(shape: readonly number[], data: Float32Array): Channel[] {
  const [batch, channels, height, width] = shape;
  if (
    shape.length !== 4 ||
    batch === undefined ||
    channels === undefined ||
    height === undefined ||
    width === undefined ||
    data.length !== batch * channels * height * width
  ) {
    throw new Error(
      `Latents of shape [${shape.join(", ")}] cannot hold ${data.length.toString()} values.`,
    );
  }
  const size = height * width;
  return Array.from({ length: channels }, (_, index) => ({
    width,
    height,
    values: data.subarray(index * size, (index + 1) * size),
  }));
}
