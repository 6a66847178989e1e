/** @file `inspect MODEL --plan`: what training will take in memory, from the model's graphs alone, and how it is made to fit. */
import { StudioError } from "../core/errors.ts";
import { PAINTING_ATTENTION_BYTES, type PlanDevice } from "../core/plan/choices.ts";
import { planGraphs } from "../core/plan/graphs.ts";
import { memoryText, planSentence } from "../core/plan/plan-text.ts";
import { planTraining, type TrainingPlan } from "../core/plan/training-plan.ts";
import { NOTHING_FUSED } from "../core/passes/fuse.ts";
import { defaultSettings } from "../core/train/settings.ts";
import { plannedFolder } from "../engine/plan/planned-model.ts";
import { planDevice, USUAL_GPU_BYTES } from "../engine/plan/plan-run.ts";
import { nodeRuntime } from "../engine/ort/runtime-node.ts";
import { memoryOption } from "./memory-option.ts";
import { modelOption } from "./model.ts";
import { choiceOption, type Raw } from "./options.ts";

export interface InspectPlanOptions {
  readonly json?: boolean;
  readonly batch?: number | string;
  readonly memory?: Raw;
  readonly backend?: Raw;
  readonly float16?: boolean;
}

/** Buffers that most desktop GPUs bind (Chrome's tier of 2 GiB). */
const USUAL_BUFFER_BYTES = 2 ** 31 - 4;

/** @throws StudioError naming what is wrong with the options or the model */
export async function inspectPlan(name: string, options: InspectPlanOptions): Promise<string> {
  const backend = choiceOption("backend", options.backend, ["webgpu", "wasm"], "webgpu");
  const budget = memoryOption(options.memory);
  const { files } = await modelOption(name);
  const model = await plannedFolder(files, "kv+token");
  const settings = defaultSettings(model.unetOf(1).kv.textWidth);
  const batch = options.batch === undefined ? settings.batch : wholeBatch(options.batch);
  const runtime = nodeRuntime(1);
  const device: PlanDevice =
    backend === "wasm"
      ? planDevice(runtime, budget)
      : {
          backend,
          half: options.float16 !== false,
          budget: budget ?? USUAL_GPU_BYTES,
          largestBuffer: USUAL_BUFFER_BYTES,
          attentionBytes: undefined,
        };
  const graphs = planGraphs(model, backend === "wasm" ? runtime.fused : NOTHING_FUSED, {
    paintingAttentionBytes: backend === "wasm" ? undefined : PAINTING_ATTENTION_BYTES,
  });
  const plan = planTraining(graphs, device, {
    batch,
    microBatch: Math.min(batch, settings.microBatch),
    precision: "auto",
    previews: false,
  });
  return options.json === true ? JSON.stringify(plan) : asText(plan);
}

function wholeBatch(raw: number | string): number {
  const batch = Number(raw);
  if (Number.isInteger(batch) && batch >= 1) return batch;
  throw new StudioError("invalid-input", `--batch must be a whole number above 0, not "${raw}".`);
}

const PHASES = { views: "while views are encoded", steps: "while a step is taken" } as const;

function asText(plan: TrainingPlan): string {
  const lines = plan.phases.flatMap(({ name, items, bytes }) => [
    `  ${PHASES[name]}: ${memoryText(bytes)}`,
    ...items.map((item) => `    ${memoryText(item.bytes).padStart(7)}  ${item.name}`),
  ]);
  return [
    planSentence(plan),
    ...lines,
    `  largest single tensor: ${memoryText(plan.largest)}`,
  ].join("\n");
}
