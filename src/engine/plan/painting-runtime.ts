/** @file How a model is painted with: in float16 where it is large and the GPU computes in it; not at all where it does not fit. */
import { refuseUnpaintable } from "../../core/plan/painting.ts";
import { constantBytes } from "../../core/onnx/constant.ts";
import type { Graph } from "../../core/onnx/graph.ts";
import type { Precision } from "../../core/precision.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import { inPrecision } from "../precision.ts";
import { planDevice } from "./plan-run.ts";

/** Text features of Stable Diffusion 1.x have this width, those of 2.x are wider; smaller models need no float16. */
const LARGE_WIDTH = 768;

export function paintingRuntime(
  runtime: Runtime,
  textWidth: number,
  precision: Precision | "auto" = "auto",
): Runtime {
  if (precision !== "auto") return inPrecision(runtime, precision);
  const half = runtime.device?.features.has("shader-f16") === true && textWidth >= LARGE_WIDTH;
  return inPrecision(runtime, half ? "float16" : "float32");
}

/** @throws StudioError "does-not-fit" */
export function refuseTooLarge(
  { unet, textEncoder }: Pick<Model, "unet" | "textEncoder">,
  runtime: Runtime,
): void {
  const share = runtime.precision === "float16" ? 0.5 : 1;
  const weights = share * weightBytes(unet.graph) + weightBytes(textEncoder.graph);
  // What a GPU has is not known, and drivers may move memory out: only a heap ends for certain.
  if (runtime.device === null) refuseUnpaintable(weights, planDevice(runtime, null));
}

function weightBytes({ constants }: Graph): number {
  return [...constants.values()].reduce((sum, constant) => sum + constantBytes(constant), 0);
}
