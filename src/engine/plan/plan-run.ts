/** @file The plan of a run on a runtime: whether it fits, and how. */
import { planGraphs } from "../../core/plan/graphs.ts";
import type { PlanDevice, PlanWish } from "../../core/plan/choices.ts";
import { planSentence } from "../../core/plan/plan-text.ts";
import { planTraining, type TrainingPlan } from "../../core/plan/training-plan.ts";
import { StudioError } from "../../core/errors.ts";
import type { TrainSettings } from "../../core/train/settings.ts";
import type { Model } from "../model/read-model.ts";
import { type Runtime, trainingGraphOptions } from "../ort/runtime.ts";
import { plannedOpen } from "./planned-model.ts";

/** What a GPU may be asked for where nobody says: browsers do not tell how much memory it has. */
export const USUAL_GPU_BYTES = 8e9;

/** WebAssembly's heap has 4 GiB; some of it is onnxruntime's own. */
export const HEAP_BYTES = 4 * 2 ** 30 - 2 ** 27;

/** @param budget bytes that may be used of the GPU; null is the usual */
export function planDevice(
  { device, attentionBytes }: Pick<Runtime, "device" | "attentionBytes">,
  budget: number | null,
): PlanDevice {
  if (device === null) {
    return {
      backend: "wasm",
      half: false,
      budget: Math.min(budget ?? HEAP_BYTES, HEAP_BYTES),
      largestBuffer: HEAP_BYTES,
      attentionBytes,
    };
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  return {
    backend: "webgpu",
    half: device.features.has("shader-f16"),
    budget: budget ?? USUAL_GPU_BYTES,
    largestBuffer: Math.min(maxBufferSize, maxStorageBufferBindingSize),
    attentionBytes,
  };
}

/** What a run needs, and how it is made to fit. It takes a second for a small model and ten for Stable Diffusion. */
export async function planRun(
  model: Model,
  runtime: Runtime,
  settings: Pick<TrainSettings, "batch" | "microBatch" | "train">,
  {
    budget,
    ...wish
  }: { readonly budget: number | null } & Pick<PlanWish, "precision" | "previews">,
): Promise<TrainingPlan> {
  const { batch, microBatch, train } = settings;
  const { simplify, composites } = trainingGraphOptions(runtime);
  const graphs = planGraphs(await plannedOpen(model, train), runtime.fused, {
    ...(simplify !== undefined && { simplify }),
    ...(composites !== undefined && { composites }),
  });
  return planTraining(graphs, planDevice(runtime, budget), { batch, microBatch, ...wish });
}

/** @throws StudioError "does-not-fit" that says what does not fit, by how much and why */
export function refuseUnfit(plan: TrainingPlan): void {
  if (!plan.fits) throw new StudioError("does-not-fit", planSentence(plan));
}
