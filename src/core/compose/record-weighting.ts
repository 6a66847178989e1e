/** @file How concepts shared a picture, as its settings keep it, and back. */
import { StudioError } from "../errors.ts";
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

/** @throws StudioError "invalid-input" where painted regions are damaged */
export function readWeighting(
  recorded: Exclude<RecordedComposition, { readonly kind: "merged" }>,
): Weighting {
  switch (recorded.kind) {
    case "solved":
      return { kind: "solved" };
    case "fixed":
      return { kind: "fixed", weights: recorded.weights };
    case "regions":
      return { kind: "regions", masks: recorded.masks.map(maskOf) };
  }
}

function maskOf(base64: string): Float32Array {
  try {
    return Float32Array.from(bytesFromBase64(base64), (byte) => byte / 255);
  } catch (cause) {
    throw new StudioError(
      "invalid-input",
      "The painted regions in this picture's settings are damaged; paint them again.",
      { cause },
    );
  }
}
