/** @file Settings of a picture put back into the form, and what of them cannot be had again here. */
import type { ImageSettings, UsedConcept } from "../../core/image/image-settings.ts";
import type { GenerationForm } from "../../state/generation-form.ts";
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import type { NamedConcept } from "./prompt-phrases.ts";

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
      notes.push(
        `Its concept “${used.name}” (${used.token} ${used.category}) is not here. Import the concept's file on the page Concepts to paint with it again.`,
      );
      continue;
    }
    // The slider's range is narrower than what a file may say.
    strengths[here.id] = Math.min(1.5, Math.max(0, used.strength));
    if (here.tokens.length === 0) wordless = here.id;
    for (const { token } of here.tokens) chosen[tokenKey(token)] = here.id;
  }
  if (settings.composition !== undefined) {
    notes.push(
      "Several concepts were painted together in it; pick them on the page Compose to do so again.",
    );
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

/** By its id, or in another studio's picture by what it is called and the words that name it. */
function sameConcept(
  used: UsedConcept,
  concepts: readonly NamedConcept[],
): NamedConcept | undefined {
  return (
    concepts.find(({ id }) => id === used.id) ??
    concepts.find(
      ({ name, tokens }) =>
        name === used.name &&
        (tokens.length === 0
          ? used.token === ""
          : tokens.some(
              ({ token, category }) =>
                tokenKey(token) === tokenKey(used.token) && category === used.category,
            )),
    )
  );
}
