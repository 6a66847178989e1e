/** @file The plan of a run with the model that is open, reckoned once for each way of asking. */
import type { TrainingPlan } from "../../core/plan/training-plan.ts";
import type { TrainSettings } from "../../core/train/settings.ts";
import type { MemoryBudget } from "../../rpc/contracts.ts";
import { planRun } from "../plan/plan-run.ts";
import type { OpenModel } from "./open-model.ts";

const known = new WeakMap<OpenModel, Map<string, Promise<TrainingPlan>>>();

export function planOf(
  open: OpenModel,
  { batch, microBatch, train }: Pick<TrainSettings, "batch" | "microBatch" | "train">,
  wish: { readonly budget: MemoryBudget; readonly previews: boolean },
): Promise<TrainingPlan> {
  const plans = known.get(open) ?? new Map<string, Promise<TrainingPlan>>();
  known.set(open, plans);
  const settings = { batch, microBatch, train };
  const key = JSON.stringify([settings, wish]);
  const before = plans.get(key);
  if (before !== undefined) return before;
  const plan = planRun(open.model, open.runtime, settings, { ...wish, precision: "auto" });
  plans.set(key, plan);
  // What failed is tried again.
  plan.catch(() => plans.delete(key));
  return plan;
}
