/** @file From the form to what is asked of the engine, or to the sentence that says why it cannot be asked. */
import type { GenerateRequest } from "../../state/generation-store.ts";
import type { GenerationForm } from "../../state/generation-form.ts";
import type { ConceptUse } from "./concept-use.ts";
import type { Sampling } from "./sampling.ts";

export function refusalOf(prompt: string, use: ConceptUse): string | null {
  if (prompt.trim() === "") return "Write in the prompt what the picture should show.";
  if (use.kind === "several") {
    return `The prompt uses more than one concept (${use.tokens.join(", ")}). Paint them together on the page Compose, or keep one of them.`;
  }
  if (use.kind === "other-model") {
    const { name, baseModel } = use.concept;
    return `“${name}” was made for another base model (${baseModel.id}). Open that model on the page Models, or take the concept out of the prompt.`;
  }
  return null;
}

/** Seeds of the images: the one in the form and those that follow it. */
export function seedsFrom(seed: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (seed + i) % 2 ** 32);
}

export function planJob(
  form: Pick<GenerationForm, "prompt" | "negativePrompt" | "seed" | "count" | "strengths">,
  sampling: Sampling,
  use: ConceptUse,
): { readonly request: GenerateRequest; readonly conceptName: string | null } {
  const concept = use.kind === "one" ? use.concept : null;
  return {
    request: {
      prompt: form.prompt.trim(),
      negativePrompt: form.negativePrompt.trim(),
      ...sampling,
      seeds: seedsFrom(form.seed, form.count),
      concept:
        concept === null ? null : { id: concept.id, strength: form.strengths[concept.id] ?? 1 },
    },
    conceptName: concept?.name ?? null,
  };
}
