/** @file What is measured of a full-size model, each with what the plan says of it. */
import type { TrainingChoices } from "../../src/core/plan/choices.ts";
import type { TrainingPlan } from "../../src/core/plan/training-plan.ts";
import { graphForSession } from "../../src/core/passes/for-session.ts";
import { halfPrecision } from "../../src/core/passes/half-precision.ts";
import { graphMemory } from "../../src/core/passes/memory.ts";
import type { Precision } from "../../src/core/precision.ts";
import { defaultSettings } from "../../src/core/train/settings.ts";
import type { Model } from "../../src/engine/model/read-model.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import { planRun } from "../../src/engine/plan/plan-run.ts";
import { inPrecision } from "../../src/engine/precision.ts";

export interface PlannedWork {
  readonly name: string;
  readonly spec: { readonly work: "forward" | "training_step"; readonly batch: number };
  readonly choices: TrainingChoices;
  /** Bytes that it takes by the plan. */
  readonly plannedBytes: number;
}

export interface FullSizePlan {
  /** Of a step on one image, and of the studio's own settings. */
  readonly plans: readonly TrainingPlan[];
  readonly works: readonly PlannedWork[];
}

/** Images of a forward pass: one, and the two of guidance. */
const FORWARD = [1, 2] as const;

/** @throws StudioError "backend-unavailable" where the precision that is asked for cannot be */
export async function planWork(
  model: Model,
  runtime: Runtime,
  budget: number | null,
  precision: Precision | "auto",
): Promise<FullSizePlan> {
  if (precision !== "auto") inPrecision(runtime, precision);
  const settings = defaultSettings(model.config.textWidth);
  const wish = { budget, precision, previews: false };
  const one = await planRun(model, runtime, { ...settings, batch: 1, microBatch: 1 }, wish);
  const usual = await planRun(model, runtime, settings, wish);
  const forward = FORWARD.map((batch): PlannedWork => ({
    name: `forward, batch ${batch}`,
    spec: { work: "forward", batch },
    choices: one.choices,
    plannedBytes: forwardBytes(model, runtime, batch, one.choices.precision),
  }));
  const plans = usual.choices.microBatch === 1 ? [one] : [one, usual];
  return { plans, works: [...forward, ...plans.map(stepOf)] };
}

/** A step of one pass, which holds as much as one of several. */
function stepOf({ choices, phases }: TrainingPlan): PlannedWork {
  return {
    name: `training step, batch ${choices.microBatch}`,
    spec: { work: "training_step", batch: choices.microBatch },
    choices,
    plannedBytes: phases.find(({ name }) => name === "steps")?.bytes ?? NaN,
  };
}

/** The UNet's session alone, as the plan reckons sessions. */
function forwardBytes(
  model: Model,
  { device, fused }: Runtime,
  batch: number,
  precision: Precision,
): number {
  const { graph } = model.unetOf(batch);
  const own = graphForSession(precision === "float16" ? halfPrecision(graph) : graph, fused);
  const { weights, activations, pooled } = graphMemory(own);
  return weights + (device === null ? activations : pooled);
}
