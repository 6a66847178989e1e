/** @file From what was chosen to a run: defaults, what is refused, and what is counted. */
import { describe, expect, it } from "vitest";
import { defaultSettings } from "../../core/train/settings.ts";
import {
  type Draft,
  draftProblem,
  draftSettings,
  EMPTY_DRAFT,
  estimateRequest,
  newRun,
  previewCount,
} from "./draft.ts";

const model = { id: "toybox-256", fingerprint: "f", textWidth: 512 };
const png = new Blob([Uint8Array.of(1)]);
const photo = { id: "p", digest: "d", name: "1.png", png };
const context = (fields: Partial<Draft> = {}) => ({
  draft: { ...EMPTY_DRAFT, photos: [photo], category: " bear ", ...fields },
  model,
  freeToken: "<new2>",
});

describe("a draft", () => {
  it("becomes a run with the model's defaults", () => {
    const { record, photos, regularisation } = newRun(context(), "id", 5);
    expect(record).toEqual({
      version: 2,
      id: "id",
      name: "My bear",
      createdAt: 5,
      updatedAt: 5,
      status: "ready",
      model: { id: "toybox-256", fingerprint: "f" },
      subjects: [
        {
          token: "<new2>",
          category: "bear",
          photos: 1,
          regularisation: { kind: "generate", count: 40 },
        },
      ],
      settings: defaultSettings(512),
      previews: {
        prompts: ["photo of a <new2> bear", "photo of a <new2> bear on the beach"],
        every: 50,
        seed: 1,
      },
      step: 0,
      error: null,
      conceptId: null,
    });
    expect(photos).toEqual([{ name: "1.png", png }]);
    expect(regularisation).toEqual([]);
  });

  it("keeps what was chosen, and given pictures beside the record", () => {
    const pictures = [{ caption: "a bear", png }];
    const { record, regularisation } = newRun(
      context({
        name: " Ted ",
        token: "<ted>",
        settings: { steps: 7 },
        regularisation: { kind: "own", pictures },
        previews: { prompts: ["a"], every: 0, seed: 3 },
      }),
      "id",
      5,
    );
    expect(record).toMatchObject({
      name: "Ted",
      subjects: [
        { token: "<ted>", regularisation: { kind: "given", count: 1, from: "your own pictures" } },
      ],
      settings: { steps: 7 },
      previews: { prompts: [], every: 0, seed: 3 },
    });
    expect(regularisation).toEqual(pictures);
  });

  it.each([
    [2, 2],
    [3, 3],
    [6, 3],
    [8, 4],
    [7, 1],
  ])("passes follow a batch of %d: %d", (batch, microBatch) => {
    expect(draftSettings(context({ settings: { batch } })).microBatch).toBe(microBatch);
  });

  it.each<[string, Partial<Draft>, RegExp]>([
    ["no photos", { photos: [] }, /Add photos/],
    ["no category", { category: "  " }, /what the photos show/],
    ["a word as token", { token: "bear" }, /angle brackets, like <bear>/],
    ["a long name", { name: "x".repeat(101) }, /longer than 100/],
    ["half a step", { settings: { steps: 2.5 } }, /steps must be a whole number/],
    ["an empty number", { settings: { learningRate: NaN } }, /learning rate must be/],
    ["no prompts", { previews: { prompts: [], every: 5, seed: 1 } }, /at least one preview/],
    ["half steps between", { previews: { prompts: null, every: 0.5, seed: 1 } }, /between prev/],
    ["a negative seed", { previews: { prompts: null, every: 5, seed: -1 } }, /seed of the prev/],
    [
      "too many prompts",
      { previews: { prompts: Array(9).fill("a"), every: 5, seed: 1 } },
      /most 8/,
    ],
    ["no pictures", { regularisation: { kind: "own", pictures: [] } }, /Add regul/],
    ["no number", { regularisation: { kind: "generate", count: NaN } }, /from 1 to 1000/],
    ["no room", { settings: { batch: 1 } }, /no room for a regularisation image/],
  ])("with %s is refused", (_, fields, sentence) => {
    expect(draftProblem(context(fields))).toMatch(sentence);
    expect(() => newRun(context(fields), "id", 5)).toThrow(sentence);
  });

  it("of one photo and nothing else can be trained", () => {
    expect(draftProblem(context())).toBeNull();
    const none = context({ regularisation: { kind: "none" }, settings: { batch: 1 } });
    expect(draftProblem(none)).toBeNull();
  });

  it("counts what is painted for the estimate", () => {
    expect(previewCount(200, 50, 2)).toBe(8);
    expect(previewCount(4, 3, 2)).toBe(4);
    expect(previewCount(4, 0, 2)).toBe(0);
    expect(estimateRequest(context())).toMatchObject({
      subjects: [{ category: "bear", photos: 1, regularisation: 40, generated: true }],
      previewImages: 8,
    });
  });
});
