/** @file A concept that somebody is about to train: what was chosen, what holds where nothing was, and the run it becomes. */
import { StudioError } from "../../core/errors.ts";
import { checkCategory, checkModifierToken } from "../../core/text/modifier-tokens.ts";
import {
  checkSettings,
  defaultSettings,
  tokenRateFor,
  type TrainSettings,
} from "../../core/train/settings.ts";
import type { EstimateRequest, ModelInfo } from "../../rpc/contracts.ts";
import type { CaptionedPicture, PreparedPhoto } from "../../state/photos.ts";
import type { NewRun, RunRecord } from "../../state/runs.ts";

export type RegularisationChoice =
  | { readonly kind: "none" }
  /** Painted by the base model before it learns. */
  | { readonly kind: "generate"; readonly count: number }
  /** The studio's own pictures of a category. */
  | {
      readonly kind: "sample";
      readonly category: string;
      readonly pictures: readonly CaptionedPicture[];
    }
  | { readonly kind: "own"; readonly pictures: readonly CaptionedPicture[] };

export interface Draft {
  readonly photos: readonly PreparedPhoto[];
  readonly name: string;
  readonly category: string;
  /** Null takes the first that is free. */
  readonly token: string | null;
  /** What differs from the model's defaults. */
  readonly settings: Partial<TrainSettings>;
  readonly regularisation: RegularisationChoice;
  readonly previews: {
    /** Null takes two that show the concept alone and in a scene. */
    readonly prompts: readonly string[] | null;
    readonly every: number;
    readonly seed: number;
  };
}

export const EMPTY_DRAFT: Draft = {
  photos: [],
  name: "",
  category: "",
  token: null,
  settings: {},
  regularisation: { kind: "generate", count: 40 },
  previews: { prompts: null, every: 50, seed: 1 },
};

/** A draft together with what it depends on. */
export interface DraftContext {
  readonly draft: Draft;
  readonly model: Pick<ModelInfo, "id" | "fingerprint" | "textWidth">;
  readonly freeToken: string;
}

const MOST_PROMPTS = 8;
const MOST_REGULARISATION = 1000;

export function draftSettings({ draft, model }: Omit<DraftContext, "freeToken">): TrainSettings {
  const defaults = defaultSettings(model.textWidth);
  const { learningRate = defaults.learningRate } = draft.settings;
  const tokenLearningRate = tokenRateFor(learningRate, defaults);
  const settings = { ...defaults, tokenLearningRate, ...draft.settings };
  if (draft.settings.microBatch !== undefined) return settings;
  // Where nobody chose it, the passes of a step follow the batch.
  const { batch } = settings;
  let microBatch = Math.min(defaults.microBatch, batch);
  while (microBatch > 1 && batch % microBatch !== 0) microBatch--;
  return { ...settings, microBatch };
}

function draftToken({ draft, freeToken }: Omit<DraftContext, "model">): string {
  return draft.token ?? freeToken;
}

export function draftPrompts(context: Omit<DraftContext, "model">): readonly string[] {
  const { draft } = context;
  const thing = `${draftToken(context)} ${draft.category.trim()}`.trim();
  return draft.previews.prompts ?? [`photo of a ${thing}`, `photo of a ${thing} on the beach`];
}

/** What the run and the concept are called where nobody names them: "My bear". */
export function draftName({ name, category }: Pick<Draft, "name" | "category">): string {
  const given = name.trim();
  return given === "" ? `My ${category.trim()}` : given;
}

function regularisationCount({ regularisation }: Draft): number {
  switch (regularisation.kind) {
    case "none":
      return 0;
    case "generate":
      return regularisation.count;
    case "sample":
    case "own":
      return regularisation.pictures.length;
  }
}

/** Pictures painted on the way: all prompts every so many steps, and at the end. */
export function previewCount(steps: number, every: number, prompts: number): number {
  return every < 1 ? 0 : Math.ceil(steps / every) * prompts;
}

export function estimateRequest(context: DraftContext): EstimateRequest {
  const { draft } = context;
  const settings = draftSettings(context);
  const { every } = draft.previews;
  return {
    settings,
    subjects: [
      {
        category: draft.category.trim(),
        photos: draft.photos.length,
        regularisation: regularisationCount(draft),
        generated: draft.regularisation.kind === "generate",
      },
    ],
    previewImages: previewCount(settings.steps, every, draftPrompts(context).length),
  };
}

/** The first thing that is missing or cannot be, as a sentence; null where training can begin. */
export function draftProblem(context: DraftContext): string | null {
  try {
    checkDraft(context);
    return null;
  } catch (error) {
    if (error instanceof StudioError) return error.message;
    throw error;
  }
}

/** @throws StudioError "invalid-input" */
function checkDraft(context: DraftContext): void {
  const { draft } = context;
  const refuse = (sentence: string): never => {
    throw new StudioError("invalid-input", sentence);
  };
  if (draft.photos.length === 0) refuse("Add photos of one thing first: three to five are enough.");
  if (draft.category.trim() === "") {
    refuse("Say in a word or two what the photos show, like “bear”.");
  }
  checkCategory(null, draft.category.trim());
  checkModifierToken(draftToken(context));
  if (draftName(draft).length > 100) refuse("The name is longer than 100 characters; shorten it.");
  const settings = draftSettings(context);
  checkSettings(settings);
  checkRegularisation(draft, settings, refuse);
  const { every, seed } = draft.previews;
  if (!Number.isInteger(every) || every < 0) {
    refuse(`The steps between previews must be a whole number, or 0 for none, not ${every}.`);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    refuse(`The seed of the previews must be a whole number from 0 to 4294967295, not ${seed}.`);
  }
  const prompts = draftPrompts(context);
  if (every > 0 && prompts.length === 0) {
    refuse("Write at least one preview prompt, or set the steps between previews to 0.");
  }
  if (prompts.length > MOST_PROMPTS) {
    refuse(`There are ${prompts.length} preview prompts; keep at most ${MOST_PROMPTS}.`);
  }
}

function checkRegularisation(
  draft: Draft,
  { batch }: TrainSettings,
  refuse: (sentence: string) => never,
): void {
  const { regularisation } = draft;
  if (regularisation.kind === "none") return;
  const count = regularisationCount(draft);
  if (regularisation.kind === "own" && count === 0) {
    refuse("Add regularisation images, or choose another kind of regularisation.");
  }
  if (!Number.isInteger(count) || count < 1 || count > MOST_REGULARISATION) {
    refuse(
      `The number of regularisation images must be a whole number from 1 to ${MOST_REGULARISATION}, not ${count}.`,
    );
  }
  if (batch < 2) {
    refuse(
      "A batch of 1 has no room for a regularisation image beside the photo; choose a batch of 2 or more, or no regularisation.",
    );
  }
}

/** @throws StudioError "invalid-input" where it cannot be trained */
export function newRun(context: DraftContext, id: string, now: number): NewRun {
  checkDraft(context);
  const { draft, model } = context;
  const { regularisation } = draft;
  const { every, seed } = draft.previews;
  return {
    record: {
      version: 2,
      id,
      name: draftName(draft),
      createdAt: now,
      updatedAt: now,
      status: "ready",
      model: { id: model.id, fingerprint: model.fingerprint },
      subjects: [
        {
          token: draftToken(context),
          category: draft.category.trim(),
          photos: draft.photos.length,
          regularisation: recordOf(regularisation),
        },
      ],
      settings: draftSettings(context),
      previews: { prompts: every === 0 ? [] : [...draftPrompts(context)], every, seed },
      step: 0,
      error: null,
      conceptId: null,
    },
    photos: draft.photos.map(({ name, png }) => ({ name, png })),
    regularisation: "pictures" in regularisation ? regularisation.pictures : [],
  };
}

function recordOf(choice: RegularisationChoice): RunRecord["subjects"][number]["regularisation"] {
  switch (choice.kind) {
    case "none":
    case "generate":
      return choice;
    case "sample": {
      const { category, pictures } = choice;
      return { kind: "given", count: pictures.length, from: `the sample set “${category}”` };
    }
    case "own":
      return { kind: "given", count: choice.pictures.length, from: "your own pictures" };
  }
}
