/** @file How concepts shared a picture, as its settings keep it, and back. */
import type { RecordedComposition } from "../image/image-settings.ts";
import { bytesFromBase64, bytesToBase64 } from "../tensor/base64.ts";
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

/** Null where the concepts were merged. */
export function recordedWeighting(recorded: RecordedComposition): Weighting | null {
  switch (recorded.kind) {
    case "merged":
      return null;
    case "solved":
    case "fixed":
      return recorded;
    case "regions":
      return {
        kind: "regions",
        masks: recorded.masks.map((text) =>
          Float32Array.from(bytesFromBase64(text), (x) => x / 255),
        ),
      };
  }
}
