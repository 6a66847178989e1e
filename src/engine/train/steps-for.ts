/** @file How a runtime takes training steps: on a GPU they are launched, unless that is switched off; else waited for. */
import type { TrainSettings } from "../../core/train/settings.ts";
import { ADAM } from "../../core/train/settings.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import type { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { Releasable } from "../releases.ts";
import { createHostArithmetic } from "./arithmetic-host.ts";
import { createWebGpuArithmetic } from "./arithmetic-webgpu.ts";
import type { ArithmeticSettings, ParameterGroup, TrainingArithmetic } from "./arithmetic.ts";
import { Captions } from "./captions.ts";
import { DeviceCaptions } from "./device-captions.ts";
import { openGradients } from "./gradients.ts";
import { JoinedGradients } from "./joined-gradients.ts";
import { LaunchedSteps } from "./launched-steps.ts";
import { lossScaleFor } from "./loss-scale.ts";
import type { Steps } from "./step-report.ts";
import { PartedGradients } from "./parted-gradients.ts";
import { WaitedSteps } from "./waited-steps.ts";

export interface OpenedSteps {
  readonly steps: Steps;
  readonly arithmetic: TrainingArithmetic;
}

interface Trained {
  readonly tokenizer: PromptTokenizer;
  /** Rows [n, E] that the modifier tokens start from. */
  readonly rows: Float32Array;
  /** The frozen query and output projections, in the face mode. */
  readonly queryOut: Float32Array | null;
}

/** @param keep takes what is to be released where something later cannot be opened */
export async function stepsFor(
  model: Model,
  runtime: Runtime,
  settings: TrainSettings,
  { tokenizer, rows, queryOut }: Trained,
  keep: <R extends Releasable>(opened: R) => R,
): Promise<OpenedSteps> {
  const trained = settings.train !== "kv";
  const lossScale = lossScaleFor(runtime.precision);
  const numbers = { ...arithmeticSettings(model, settings, rows, queryOut), lossScale };
  const { microBatch } = settings;
  const graph = { microBatch, queryOut: queryOut !== null };
  const { device, optimisations } = runtime;
  const choice = {
    ...(optimisations.has("gpu-tuned-kernels") && { tunedFor: microBatch }),
    half: optimisations.has("gpu-half-products"),
  };
  const { timings } = runtime;
  if (
    device === null &&
    optimisations.has("joined-steps") &&
    canBeJoined(model, runtime, settings)
  ) {
    const captions = keep(await Captions.open(model, runtime, tokenizer, false));
    const arithmetic = keep(createHostArithmetic(runtime, numbers));
    const parts = { model, runtime, captions, arithmetic };
    const gradients = new JoinedGradients(settings.train, parts);
    return {
      steps: new WaitedSteps(settings, { gradients, arithmetic, timings }, rows),
      arithmetic,
    };
  }
  if (device === null || !optimisations.has("gpu-lazy-loss")) {
    const captions = keep(await Captions.open(model, runtime, tokenizer, trained));
    const arithmetic = keep(
      device === null
        ? createHostArithmetic(runtime, numbers)
        : await createWebGpuArithmetic(device, numbers, choice),
    );
    const session = keep(await openGradients(model, runtime, { ...graph, launched: false }));
    const parts = { captions, gradients: session, arithmetic };
    const gradients = new PartedGradients(settings.train, parts);
    return {
      steps: new WaitedSteps(settings, { gradients, arithmetic, timings }, rows),
      arithmetic,
    };
  }
  const captions = keep(
    await DeviceCaptions.open(model, { ...runtime, device }, tokenizer, {
      initialRows: rows,
      trained,
    }),
  );
  const arithmetic = keep(await createWebGpuArithmetic(device, numbers, choice));
  const gradients = keep(await openGradients(model, runtime, { ...graph, launched: true }));
  const parts = { captions, gradients, arithmetic };
  return {
    steps: await LaunchedSteps.create(settings, parts, { ...runtime, device }),
    arithmetic,
  };
}

/** Whole batches have as many targets each; a graph is of one operator set, and what is recomputed has one of its own. */
function canBeJoined(
  { unet, textEncoder }: Model,
  { segments }: Pick<Runtime, "segments">,
  { batch, microBatch }: Pick<TrainSettings, "batch" | "microBatch">,
): boolean {
  const sameSet = unet.graph.opset === textEncoder.graph.opset;
  return segments === 1 && batch === microBatch && sameSet;
}

function arithmeticSettings(
  model: Model,
  settings: TrainSettings,
  rows: Float32Array,
  queryOut: Float32Array | null,
): Omit<ArithmeticSettings, "lossScale"> {
  return {
    groups: groupsOf(model, settings, rows, queryOut),
    kvWeights: model.kvWeights,
    textWidth: model.config.textWidth,
    columns: model.unet.kv.columns,
    tokens: CLIP_TOKENS,
    adam: ADAM,
    maxGradientNorm: settings.maxGradientNorm,
  };
}

function groupsOf(
  model: Model,
  settings: TrainSettings,
  rows: Float32Array,
  queryOut: Float32Array | null,
): ParameterGroup[] {
  const { train, learningRate, tokenLearningRate, weightDecay } = settings;
  const groups: ParameterGroup[] = [];
  if (train !== "token") {
    groups.push({ name: "kv", initial: model.kvWeights, learningRate, weightDecay });
  }
  if (queryOut !== null) {
    groups.push({ name: "query_out", initial: queryOut, learningRate, weightDecay });
  }
  if (train !== "kv") {
    groups.push({ name: "tokens", initial: rows, learningRate: tokenLearningRate, weightDecay: 0 });
  }
  return groups;
}
