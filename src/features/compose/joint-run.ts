/** @file Training stored concepts together: the subjects that their words become, what is missing, and the run. */
import { StudioError } from "../../core/errors.ts";
import { checkCategory } from "../../core/text/modifier-tokens.ts";
import { checkSettings, defaultSettings, type TrainSettings } from "../../core/train/settings.ts";
import type { EstimateRequest, ModelInfo } from "../../rpc/contracts.ts";
import type { ConceptSources, SourceSubject } from "../../state/concept-sources.ts";
import type { PreparedPhoto } from "../../state/photos.ts";
import type { NewRun } from "../../state/runs.ts";
import { EMPTY_DRAFT, previewCount } from "../training/draft.ts";
import { blendWords, type PickedConcept, promptOf } from "./prompts.ts";

/** One word of one of the concepts, and what the joint run teaches it with. */
export interface JointSubject extends SourceSubject {
  /** Names the word among those of all concepts, whatever it is called together with others. */
  readonly key: string;
  readonly token: string;
  /** The concept's, by id and name. */
  readonly original: string;
  readonly conceptName: string;
  /** Whether its photos are those that were added here. */
  readonly added: boolean;
}

export interface JointDraft {
  readonly model: Pick<ModelInfo, "id" | "fingerprint" | "textWidth">;
  readonly subjects: readonly JointSubject[];
  readonly name: string;
  readonly steps: number;
}

/** All of them together, and then each alone, are previewed as far as these go. */
const MOST_PROMPTS = 4;
const MOST_STEPS = 100_000;

/** @param added photos for words whose own are gone, by the subject's key */
export function jointSubjects(
  concepts: readonly PickedConcept[],
  sources: ConceptSources,
  added: Readonly<Record<string, readonly PreparedPhoto[]>>,
): JointSubject[] {
  const words = blendWords(concepts);
  return concepts.flatMap(({ id, name, tokens }, i) =>
    tokens.map(({ category }, k): JointSubject => {
      const key = `${id} ${k}`;
      const token = words[i]?.[k]?.token ?? "";
      const known = sources.get(id)?.subjects[k];
      const photos = (added[key] ?? []).map((photo) => ({ name: photo.name, png: photo.png }));
      return {
        ...(known ?? { category, photos, regularisation: painted(), given: [] }),
        key,
        token,
        original: id,
        conceptName: name,
        added: known === undefined,
      };
    }),
  );
}

/** As many as a new concept has where nobody chooses otherwise. */
function painted(): SourceSubject["regularisation"] {
  const { regularisation } = EMPTY_DRAFT;
  return regularisation.kind === "generate" ? regularisation : { kind: "none" };
}

/** As many steps as the concepts took alone; the model's usual number for each word whose run is not known. */
export function usualJointSteps(
  concepts: readonly PickedConcept[],
  sources: ConceptSources,
  { textWidth }: Pick<ModelInfo, "textWidth">,
): number {
  const { steps } = defaultSettings(textWidth);
  const sum = concepts.reduce(
    (total, { id, tokens }) => total + (sources.get(id)?.steps ?? steps * tokens.length),
    0,
  );
  return Math.min(sum, MOST_STEPS);
}

/** The first thing that is missing or cannot be, as a sentence; null where training can begin. */
export function jointProblem(draft: JointDraft): string | null {
  const { subjects, name } = draft;
  const without = subjects.find(({ photos }) => photos.length === 0);
  if (without !== undefined) {
    return `There are no photos for ${without.token} ${without.category}, of “${without.conceptName}”; add some first.`;
  }
  if (name.trim() === "") return "Give it a name.";
  try {
    for (const { category } of subjects) checkCategory(null, category);
    checkSettings(settingsOf(draft));
    return null;
  } catch (error) {
    if (error instanceof StudioError) return error.message;
    throw error;
  }
}

function settingsOf({ model, steps }: JointDraft): TrainSettings {
  return { ...defaultSettings(model.textWidth), steps };
}

function previewsOf({ subjects }: JointDraft): NewRun["record"]["previews"] {
  const prompts = [promptOf([...subjects]), ...subjects.map((subject) => promptOf([subject]))];
  return { ...EMPTY_DRAFT.previews, prompts: prompts.slice(0, MOST_PROMPTS) };
}

export function jointEstimateRequest(draft: JointDraft): EstimateRequest {
  const settings = settingsOf(draft);
  const { prompts, every } = previewsOf(draft);
  return {
    settings,
    subjects: draft.subjects.map(({ category, photos, regularisation }) => ({
      category,
      photos: photos.length,
      regularisation: regularisation.kind === "none" ? 0 : regularisation.count,
      generated: regularisation.kind === "generate",
    })),
    previewImages: previewCount(settings.steps, every, prompts.length),
  };
}

export function newJointRun(draft: JointDraft, id: string, now: number): NewRun {
  const { model, subjects, name } = draft;
  return {
    record: {
      version: 2,
      id,
      name: name.trim(),
      createdAt: now,
      updatedAt: now,
      status: "ready",
      model: { id: model.id, fingerprint: model.fingerprint },
      subjects: subjects.map(({ token, category, photos, regularisation, original }) => ({
        token,
        category,
        photos: photos.length,
        regularisation,
        original,
      })),
      settings: settingsOf(draft),
      previews: previewsOf(draft),
      step: 0,
      error: null,
      conceptId: null,
    },
    photos: subjects.flatMap(({ photos }) => photos),
    regularisation: subjects.flatMap(({ given }) => given),
  };
}
