/** @file Settings of a picture of several concepts put back into the form of Compose, and what of them cannot be had here. */
import { readWeighting } from "../../core/compose/record-weighting.ts";
import type { Weighting } from "../../core/compose/weighting.ts";
import { StudioError } from "../../core/errors.ts";
import type {
  ImageSettings,
  RecordedComposition,
  UsedConcept,
} from "../../core/image/image-settings.ts";
import type { ComposeForm } from "../../state/compose-form.ts";
import { missingSentence, sameAmongSeveral } from "../generate/same-concept.ts";
import type { PickedConcept } from "./prompts.ts";

/** Of a picture of several concepts. */
export type ComposedSettings = ImageSettings & { readonly composition: RecordedComposition };

export interface ComposeReuse {
  readonly fields: Partial<ComposeForm>;
  /** Sentences about what is missing or different. */
  readonly notes: readonly string[];
}

/** @param model that is open, and the latents of its pictures along each side; null while none is */
export function reuseComposition(
  settings: ComposedSettings,
  form: Pick<ComposeForm, "strengths" | "weights" | "masks">,
  concepts: readonly PickedConcept[],
  model: { readonly fingerprint: string; readonly latents: number } | null,
): ComposeReuse {
  const notes: string[] = [];
  const used = byConcept(settings.concepts);
  const here = used.map((one) => sameAmongSeveral(one, concepts)?.id ?? null);
  for (const [i, one] of used.entries()) {
    if (here[i] === null) notes.push(missingSentence(one, "paint it with the others again"));
  }
  const strengths = used.map(({ strength }) => strength);
  const shares = sharesOf(settings.composition, used.length, model?.latents ?? null);
  if (typeof shares === "string") notes.push(shares);
  if (settings.negativePrompt !== "") {
    notes.push("Its negative prompt is left out: the page Compose paints without one.");
  }
  if (model !== null && settings.model.fingerprint !== model.fingerprint) {
    notes.push(
      `It was painted with another model (${settings.model.id}). Open that model on the page Models to pick its concepts.`,
    );
  }
  const { prompt, seed } = settings;
  return {
    fields: {
      picked: [...new Set(here.filter((id) => id !== null))],
      strengths: { ...form.strengths, ...byId(here, strengths) },
      prompt,
      seed,
      ...(typeof shares === "string" ? {} : weightingFields(shares, here, form)),
    },
    notes,
  };
}

/** One for each concept, which may have several words. */
function byConcept(used: readonly UsedConcept[]): UsedConcept[] {
  return [...new Map(used.toReversed().map((one) => [one.id, one])).values()].toReversed();
}

function byId<T>(ids: readonly (string | null)[], values: readonly T[]): Record<string, T> {
  return Object.fromEntries(
    ids.flatMap((id, i) => {
      const value = values[i];
      return id === null || value === undefined ? [] : [[id, value] as const];
    }),
  );
}

/** How they shared the picture; null where they were merged, and a sentence where it cannot be had again. */
function sharesOf(
  composition: RecordedComposition,
  count: number,
  latents: number | null,
): Weighting | string | null {
  if (composition.kind === "merged") return null;
  let weighting: Weighting;
  try {
    weighting = readWeighting(composition);
  } catch (error) {
    if (error instanceof StudioError) return error.message;
    throw error;
  }
  const parts =
    weighting.kind === "fixed"
      ? weighting.weights
      : weighting.kind === "regions"
        ? weighting.masks
        : null;
  if (parts !== null && parts.length !== count) {
    return "How its concepts shared the picture is not known for all of them; set it again.";
  }
  const places = latents === null ? null : latents ** 2;
  if (
    weighting.kind === "regions" &&
    places !== null &&
    weighting.masks.some(({ length }) => length !== places)
  ) {
    return "Its regions were painted for a picture of another size; paint them again.";
  }
  return weighting;
}

function weightingFields(
  weighting: Weighting | null,
  ids: readonly (string | null)[],
  form: Pick<ComposeForm, "weights" | "masks">,
): Partial<ComposeForm> {
  switch (weighting?.kind) {
    case undefined:
      return {};
    case "solved":
      return { way: "solved" };
    case "fixed":
      return { way: "fixed", weights: { ...form.weights, ...byId(ids, weighting.weights) } };
    case "regions":
      return { way: "regions", masks: { ...form.masks, ...byId(ids, weighting.masks) } };
  }
}
