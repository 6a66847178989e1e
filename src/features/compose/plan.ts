/** @file From what was picked to the pictures that are compared: each concept alone, trained together, merged, and composed, from one seed. */
import { recordWeighting } from "../../core/compose/record-weighting.ts";
import type { Weighting } from "../../core/compose/weighting.ts";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import type { ComposeForm } from "../../state/compose-form.ts";
import type { GenerateRequest } from "../../state/generation-store.ts";
import { alonePrompt, jointPrompt, type PickedConcept, usualPrompt } from "./prompts.ts";

type JointConcept = Pick<ConceptRecord, "id" | "tokens" | "originals">;

/** One picture of the comparison. */
export interface Column {
  readonly key: string;
  readonly title: string;
  readonly request: GenerateRequest;
}

/** Why the picked concepts cannot go together; null where they can. */
export function pickProblem(
  concepts: readonly (PickedConcept & Pick<ConceptRecord, "train">)[],
): string | null {
  if (concepts.length < 2) return "Pick two concepts or more.";
  if (concepts.length > 8) return "Pick eight concepts at most.";
  const face = concepts.find(({ train }) => train === "crossattn");
  if (face !== undefined) {
    return `“${face.name}” was trained in the face mode, which changes more than keys and values; it can only be used alone.`;
  }
  const wordless = concepts.find(({ tokens }) => tokens.length === 0);
  return wordless === undefined
    ? null
    : `“${wordless.name}” has no word of its own, so that no prompt tells it from the others.`;
}

/** @param places latents of a picture, H · W */
function weightingOf(
  { way, weights, masks }: Pick<ComposeForm, "way" | "weights" | "masks">,
  concepts: readonly PickedConcept[],
  places: number,
): Weighting {
  switch (way) {
    case "solved":
      return { kind: "solved" };
    case "fixed":
      return { kind: "fixed", weights: concepts.map(({ id }) => weights[id] ?? 1) };
    case "regions":
      return {
        kind: "regions",
        masks: concepts.map(({ id }) => {
          const mask = masks[id];
          return mask?.length === places ? mask : new Float32Array(places);
        }),
      };
  }
}

/** The first concept that was trained on exactly the picked ones together, whatever the order; undefined without one. */
export function trainedTogether<T extends Pick<ConceptRecord, "originals">>(
  stored: readonly T[],
  picked: readonly Pick<ConceptRecord, "id">[],
): T | undefined {
  return stored.find(({ originals }) => isMadeOf(originals ?? [], picked));
}

/** Whether each of the picked concepts is among the originals, and no other. */
export function isMadeOf(
  originals: readonly string[],
  picked: readonly Pick<ConceptRecord, "id">[],
): boolean {
  const ids = new Set(originals);
  return ids.size === picked.length && picked.every(({ id }) => ids.has(id));
}

/**
 * @param joint the concept that was trained on the picked ones together, where there is one
 * @param places latents of a picture, H · W
 */
export function comparison(
  concepts: readonly PickedConcept[],
  joint: JointConcept | undefined,
  form: ComposeForm,
  sampling: Pick<GenerateRequest, "sampler" | "steps" | "guidance" | "eta">,
  places: number,
): Column[] {
  const prompt = (form.prompt ?? usualPrompt(concepts)).trim();
  const chosen = concepts.map(({ id }) => ({ id, strength: form.strengths[id] ?? 1 }));
  const shared = { ...sampling, negativePrompt: "", seeds: [form.seed] };
  const together = { ...shared, prompt, concept: null };
  const inJointWords = joint === undefined ? prompt : jointPrompt(prompt, concepts, joint);
  return [
    ...concepts.map((concept, i): Column => ({
      key: concept.id,
      title: `“${concept.name}” alone`,
      request: {
        ...shared,
        prompt: alonePrompt(prompt, concepts, concept),
        concept: chosen[i] ?? null,
      },
    })),
    ...(joint === undefined
      ? []
      : [
          {
            key: "joint",
            title: "Trained together",
            request: { ...shared, prompt: inJointWords, concept: { id: joint.id, strength: 1 } },
          },
        ]),
    {
      key: "merged",
      title: "Merged",
      request: { ...together, blend: { kind: "merged", concepts: chosen } },
    },
    {
      key: "composed",
      title: "Composed",
      request: {
        ...together,
        blend: {
          kind: "composed",
          concepts: chosen,
          weighting: weightingOf(form, concepts, places),
        },
      },
    },
  ];
}

/** Whether an image of the gallery is what a column asks for. */
export function isPictureOf({ request }: Column, settings: ImageSettings): boolean {
  const { blend, concept } = request;
  const asked = blend?.concepts ?? (concept === null ? [] : [concept]);
  const composition =
    blend === undefined
      ? undefined
      : blend.kind === "merged"
        ? { kind: "merged" }
        : recordWeighting(blend.weighting);
  const used = new Map(settings.concepts.map(({ id, strength }) => [id, strength]));
  return (
    settings.prompt === request.prompt &&
    settings.negativePrompt === request.negativePrompt &&
    settings.sampler === request.sampler &&
    settings.steps === request.steps &&
    settings.guidance === request.guidance &&
    settings.eta === request.eta &&
    settings.seed === request.seeds[0] &&
    used.size === asked.length &&
    asked.every(({ id, strength }) => used.get(id) === strength) &&
    JSON.stringify(settings.composition) === JSON.stringify(composition)
  );
}
