/** @file How concepts shared a picture, as its settings keep it. */
import type { RecordedComposition } from "../image/image-settings.ts";
import { bytesToBase64 } from "../tensor/base64.ts";
import type { Weighting } from "./weighting.ts";

export function recordWeighting(weighting: Weighting): RecordedComposition {
  switch (weighting.kind) {
    case "solved":
      return { kind: "solved" };
    case "fixed":
      return { kind: "fixed", weights: [...weighting.weights] };
    case "regions":
      return {
        kind: "regions",
        masks: weighting.masks.map((mask) =>
          bytesToBase64(Uint8Array.from(mask, (x) => Math.round(255 * x))),
        ),
      };
  }
}
