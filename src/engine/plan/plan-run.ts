/** @file The plan of a run on a runtime: whether it fits, and how. */
import { planGraphs } from "../../core/plan/graphs.ts";
import type { PlanDevice, PlanWish } from "../../core/plan/choices.ts";
import { planSentence } from "../../core/plan/plan-text.ts";
import { type PlanGraphs, planTraining, type TrainingPlan } from "../../core/plan/training-plan.ts";
import type { TrainMode } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import type { TrainSettings } from "../../core/train/settings.ts";
import type { Model } from "../model/read-model.ts";
import { type Runtime, trainingGraphOptions } from "../ort/runtime.ts";
import { paintingAttention } from "../model/large-attention.ts";
import { plannedOpen } from "./planned-model.ts";

/** What a GPU may be asked for where nobody says: browsers do not tell how much memory it has. */
export const USUAL_GPU_BYTES = 8e9;

/** WebAssembly's heap has 4 GiB; some of it is onnxruntime's own. */
const HEAP_BYTES = 4 * 2 ** 30 - 2 ** 27;

/** @param budget bytes that may be used of the GPU; null is the usual */
export function planDevice(
  { device, attentionBytes }: Pick<Runtime, "device" | "attentionBytes">,
  budget: number | null,
): PlanDevice {
  return { ...adapterLimits(device, budget), attentionBytes };
}

/** What a GPU, of which a device may not have been asked for yet, or without one a heap can hold. */
export function adapterLimits(
  gpu: Pick<GPUAdapter, "limits" | "features"> | null,
  budget: number | null,
): PlanDevice {
  if (gpu === null) {
    return {
      backend: "wasm",
      half: false,
      budget: Math.min(budget ?? HEAP_BYTES, HEAP_BYTES),
      largestBuffer: HEAP_BYTES,
      attentionBytes: undefined,
    };
  }
  const { maxBufferSize, maxStorageBufferBindingSize } = gpu.limits;
  return {
    backend: "webgpu",
    half: gpu.features.has("shader-f16"),
    budget: budget ?? USUAL_GPU_BYTES,
    largestBuffer: Math.min(maxBufferSize, maxStorageBufferBindingSize),
    attentionBytes: undefined,
  };
}

export interface RunWish extends Pick<PlanWish, "precision" | "previews"> {
  /** Bytes that may be used of the GPU; null is the usual. */
  readonly budget: number | null;
}

/** What a run needs, and how it is made to fit. The first takes a second for a small model, some for Stable Diffusion. */
export async function planRun(
  model: Model,
  runtime: Runtime,
  { batch, microBatch, train }: Pick<TrainSettings, "batch" | "microBatch" | "train">,
  { budget, ...wish }: RunWish,
): Promise<TrainingPlan> {
  const graphs = await graphsOf(model, runtime, train);
  return planTraining(graphs, planDevice(runtime, budget), { batch, microBatch, ...wish });
}

/** By what is trained; an open model has one runtime. */
const known = new WeakMap<Model, Map<TrainMode, Promise<PlanGraphs>>>();

function graphsOf(model: Model, runtime: Runtime, train: TrainMode): Promise<PlanGraphs> {
  const modes = known.get(model) ?? new Map<TrainMode, Promise<PlanGraphs>>();
  known.set(model, modes);
  const before = modes.get(train);
  if (before !== undefined) return before;
  const { simplify, composites } = trainingGraphOptions(runtime);
  const graphs = plannedOpen(model, train).then((planned) =>
    planGraphs(planned, runtime.fused, {
      paintingAttentionBytes: paintingAttention(runtime),
      ...(simplify !== undefined && { simplify }),
      ...(composites !== undefined && { composites }),
    }),
  );
  modes.set(train, graphs);
  // What could not be read is tried again.
  graphs.catch(() => modes.delete(train));
  return graphs;
}

/** @throws StudioError "does-not-fit" that says what does not fit, by how much and why */
export function refuseUnfit(plan: TrainingPlan): void {
  if (!plan.fits) throw new StudioError("does-not-fit", planSentence(plan));
}
