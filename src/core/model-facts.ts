/** @file What is known of a model before it is downloaded, and whether it can be used here. */

export interface ModelFacts {
  /** Of all files that are needed. */
  readonly bytes: number;
  readonly unetWeightBytes: number;
  /** Whether the UNet's weights are float16; null where that cannot be told before they are here. */
  readonly halfPrecision: boolean | null;
  /** unet/config.json as it was read. */
  readonly unetConfig: unknown;
}

export interface Obstacle {
  /** "refused": of no use here. "limited": something of it will not work. */
  readonly kind: "refused" | "limited";
  /** What is in the way, and what to do. */
  readonly sentence: string;
}

/** Asked before anything large is downloaded; null where nothing speaks against it. */
export function canUse({ unetConfig }: ModelFacts): Obstacle | null {
  const config: Readonly<Record<string, unknown>> =
    typeof unetConfig === "object" && unetConfig !== null ? { ...unetConfig } : {};
  if (config["addition_embed_type"] === "text_time") {
    return {
      kind: "refused",
      sentence:
        "This is a model of the Stable Diffusion XL family; the studio works with Stable Diffusion 1.x and 2.x.",
    };
  }
  const channels = config["in_channels"];
  if (typeof channels === "number" && channels !== 4) {
    return {
      kind: "refused",
      sentence: `Its UNet takes ${channels} channels, as models for inpainting, depth or upscaling do; choose one that paints from text alone, with 4.`,
    };
  }
  return null;
}
