/** @file A runtime that trains as a plan says. */
import type { TrainingChoices } from "../../core/plan/choices.ts";
import type { Runtime } from "../ort/runtime.ts";
import { inPrecision } from "../precision.ts";

/** @throws StudioError "backend-unavailable" where the plan was made for another device */
export function runtimeFor(
  runtime: Runtime,
  { precision, segments, attentionBytes }: TrainingChoices,
): Runtime {
  return { ...inPrecision(runtime, precision), segments, attentionBytes };
}
