/** @file Why a run cannot be trained at the moment, as a sentence. */
import type { ModelInfo } from "../../rpc/contracts.ts";
import type { RunRecord } from "../../state/runs.ts";

export function resumeProblem(
  run: Pick<RunRecord, "id" | "model">,
  model: Pick<ModelInfo, "fingerprint" | "name"> | null,
  activeRunId: string | null,
): string | null {
  if (activeRunId !== null && activeRunId !== run.id) {
    return "Another run is training; pause it first.";
  }
  if (model === null) return "The model is not open yet; the page Models shows how far it is.";
  if (model.fingerprint !== run.model.fingerprint) {
    return `It trains on the model “${run.model.id}”, and “${model.name}” is open; open “${run.model.id}” on the page Models first.`;
  }
  return null;
}
