/** @file Settings of a picture of one concept, or of none, put back into the form, and what of them cannot be had again here. */
import type { ImageSettings } from "../../core/image/image-settings.ts";
import type { GenerationForm } from "../../state/generation-form.ts";
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import type { NamedConcept } from "./prompt-phrases.ts";
import { missingSentence, sameConcept } from "./same-concept.ts";

export interface Reuse {
  readonly fields: Partial<GenerationForm>;
  /** Sentences about what is missing or different. */
  readonly notes: readonly string[];
}

export function reuseSettings(
  settings: ImageSettings,
  form: Pick<GenerationForm, "strengths" | "chosen">,
  concepts: readonly NamedConcept[],
  model: { readonly fingerprint: string } | null,
): Reuse {
  const notes: string[] = [];
  const strengths = { ...form.strengths };
  const chosen = { ...form.chosen };
  let wordless: string | null = null;
  for (const used of settings.concepts) {
    const here = sameConcept(used, concepts);
    if (here === undefined) {
      notes.push(missingSentence(used, "paint with it again"));
      continue;
    }
    // The slider's range is narrower than what a file may say.
    strengths[here.id] = Math.min(1.5, Math.max(0, used.strength));
    if (here.tokens.length === 0) wordless = here.id;
    for (const { token } of here.tokens) chosen[tokenKey(token)] = here.id;
  }
  if (model !== null && settings.model.fingerprint !== model.fingerprint) {
    notes.push(
      `It was painted with another model (${settings.model.id}), so the same settings give another picture here.`,
    );
  }
  const { prompt, negativePrompt, sampler, steps, guidance, eta, seed } = settings;
  return {
    fields: {
      ...{ prompt, negativePrompt, sampler, steps, guidance, eta, seed },
      ...{ strengths, chosen, wordless, count: 1 },
    },
    notes,
  };
}
