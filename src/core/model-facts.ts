/** @file What is known of a model before it is downloaded, and whether it can be used here. */
import type { ModelSize, Prospects } from "./plan/painting.ts";

export interface ModelFacts {
  /** Of all files that are needed. */
  readonly bytes: number;
  readonly unetWeightBytes: number;
  /** Whether the UNet's weights are float16; null where that cannot be told before they are here. */
  readonly halfPrecision: boolean | null;
  /** Numbers in a UNet of that configuration; null where it is not one that the studio could build. */
  readonly unetParameters: number | null;
  /** unet/config.json as it was read. */
  readonly unetConfig: unknown;
}

export interface Obstacle {
  /** "refused": of no use here. "limited": something of it will not work. */
  readonly kind: "refused" | "limited";
  /** What is in the way, and what to do. */
  readonly sentence: string;
}

/** How many numbers there are: as the configuration says, or by the size of the files, which may be of float16. */
export function modelSize({
  bytes,
  unetWeightBytes,
  halfPrecision,
  unetParameters,
}: ModelFacts): ModelSize {
  const unet = unetParameters ?? unetWeightBytes / (halfPrecision === false ? 4 : 2);
  return { unet, all: unetWeightBytes === 0 ? unet : (unet * bytes) / unetWeightBytes };
}

/**
 * Asked before anything large is downloaded; null where nothing speaks against it.
 * @param prospects of a model of this size on this device; null where that is not to be asked
 */
export function canUse(facts: ModelFacts, prospects: Prospects | null): Obstacle | null {
  const wrong = unsupported(facts);
  if (wrong !== null || prospects === null) return wrong;
  const { training, painting } = prospects;
  if (painting !== null) return { kind: "refused", sentence: painting };
  return training === null ? null : { kind: "limited", sentence: `${training} It can paint.` };
}

function unsupported({ unetConfig }: ModelFacts): Obstacle | null {
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
