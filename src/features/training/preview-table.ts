/** @file Sorts previews into rows of prompts and columns of steps. */
import type { StoredPreview } from "../../state/runs.ts";

export interface PreviewTable {
  readonly steps: readonly number[];
  readonly rows: readonly {
    readonly prompt: string;
    /** One a step; null where it is not painted (yet). */
    readonly cells: readonly (StoredPreview | null)[];
  }[];
}

export function previewTable(
  previews: readonly StoredPreview[],
  prompts: readonly string[],
): PreviewTable {
  const steps = [...new Set(previews.map(({ step }) => step))].sort((a, b) => a - b);
  const rows = [...new Set(prompts)].map((prompt) => ({
    prompt,
    cells: steps.map(
      (step) =>
        previews.find((preview) => preview.step === step && preview.prompt === prompt) ?? null,
    ),
  }));
  return { steps, rows };
}
