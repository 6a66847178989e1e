/** @file From what was picked to the pictures that are compared: each concept alone, merged, and composed, from one seed. */
import { recordWeighting } from "../../core/compose/record-weighting.ts";
import type { Weighting } from "../../core/compose/weighting.ts";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import { distinctTokens } from "../../core/merge/distinct-tokens.ts";
import { tokenKey } from "../../core/text/modifier-tokens.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import type { ComposeForm } from "../../state/compose-form.ts";
import type { GenerateRequest } from "../../state/generation-store.ts";

export type PickedConcept = Pick<ConceptRecord, "id" | "name" | "tokens">;

/** One picture of the comparison. */
export interface Column {
  readonly key: string;
  readonly title: string;
  readonly request: GenerateRequest;
}

/** Words of the picked concepts, as prompts of the comparison have them. */
export function blendWords(concepts: readonly PickedConcept[]): PickedConcept["tokens"][] {
  return distinctTokens(concepts.map(({ tokens }) => tokens)).map((tokens) => [...tokens]);
}

/** "photo of a <new1> bear and a <new2> car" */
export function usualPrompt(concepts: readonly PickedConcept[]): string {
  const things = blendWords(concepts)
    .flat()
    .map(({ token, category }) => `a ${token} ${category}`);
  return `photo of ${things.join(" and ")}`;
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

export function comparison(
  concepts: readonly PickedConcept[],
  form: ComposeForm,
  sampling: Pick<GenerateRequest, "sampler" | "steps" | "guidance" | "eta">,
  places: number,
): Column[] {
  const prompt = (form.prompt ?? usualPrompt(concepts)).trim();
  const chosen = concepts.map(({ id }) => ({ id, strength: form.strengths[id] ?? 1 }));
  const shared = { ...sampling, negativePrompt: "", seeds: [form.seed] };
  const words = blendWords(concepts);
  const together = { ...shared, prompt, concept: null };
  return [
    ...concepts.map(({ id, name, tokens }, i): Column => ({
      key: id,
      title: `“${name}” alone`,
      request: {
        ...shared,
        prompt: alonePrompt(prompt, words, i, tokens),
        concept: chosen[i] ?? null,
      },
    })),
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

/** The prompt for concept `own`: its words under their own names, those of the others taken out. */
function alonePrompt(
  prompt: string,
  words: readonly PickedConcept["tokens"][],
  own: number,
  tokens: PickedConcept["tokens"],
): string {
  const mine = new Map(
    (words[own] ?? []).map(({ token }, i) => [tokenKey(token), tokens[i]?.token ?? token]),
  );
  const others = new Set(words.flat().map(({ token }) => tokenKey(token)));
  return prompt
    .split(/(<[^\s<>]+>\s*)/u)
    .map((piece) => {
      const key = tokenKey(piece.trim());
      const token = mine.get(key);
      if (token !== undefined) return piece.replace(/<[^\s<>]+>/u, () => token);
      return others.has(key) ? "" : piece;
    })
    .join("");
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
