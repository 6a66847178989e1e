/** @file From picked concepts to a run of all of them: words, photos in order, steps, and what is refused. */
import { describe, expect, it } from "vitest";
import { defaultSettings } from "../../core/train/settings.ts";
import type { ConceptSource } from "../../state/concept-sources.ts";
import {
  jointEstimateRequest,
  jointProblem,
  jointSubjects,
  newJointRun,
  usualJointSteps,
} from "./joint-run.ts";

const png = new Blob([Uint8Array.of(1)]);
const photo = (name: string) => ({ name, png });
const model = { id: "nano", fingerprint: "f", textWidth: 16 };

const bear = { id: "b", name: "Teddy", tokens: [{ token: "<new1>", category: "bear" }] };
/** Trained together before: two words. */
const pair = {
  id: "p",
  name: "Pair",
  tokens: [
    { token: "<new1>", category: "cat" },
    { token: "<new2>", category: "dog" },
  ],
};
const file = { id: "f", name: "File", tokens: [{ token: "<new1>", category: "car" }] };

const none = { kind: "none" } as const;
const pictures = [{ caption: "a dog", png }];
const given = { kind: "given", count: 1, from: "a test" } as const;
const sources = new Map<string, ConceptSource>([
  [
    "b",
    {
      steps: 30,
      subjects: [{ category: "bear", photos: [photo("1")], regularisation: none, given: [] }],
    },
  ],
  [
    "p",
    {
      steps: 70,
      subjects: [
        { category: "cat", photos: [photo("2"), photo("3")], regularisation: none, given: [] },
        { category: "dog", photos: [photo("4")], regularisation: given, given: pictures },
      ],
    },
  ],
]);

const draftOf = (...concepts: (typeof pair)[]) => ({
  model,
  subjects: jointSubjects(concepts, sources, {}),
  name: " Both ",
  steps: usualJointSteps(concepts, sources, model),
});

describe("a joint run", () => {
  it("has every word of every concept, each another, with its own photos", () => {
    const draft = draftOf(bear, pair);
    expect(jointProblem(draft)).toBeNull();
    const { record, photos, regularisation } = newJointRun(draft, "id", 5);
    expect(record).toMatchObject({
      version: 2,
      name: "Both",
      settings: { ...defaultSettings(16), steps: 100 },
      subjects: [
        { token: "<new1>", category: "bear", photos: 1, regularisation: none, original: "b" },
        { token: "<new3>", category: "cat", photos: 2, regularisation: none, original: "p" },
        { token: "<new2>", category: "dog", photos: 1, regularisation: given, original: "p" },
      ],
    });
    expect(photos.map(({ name }) => name)).toEqual(["1", "2", "3", "4"]);
    expect(regularisation).toEqual(pictures);
    expect(record.previews.prompts).toEqual([
      "photo of a <new1> bear and a <new3> cat and a <new2> dog",
      "photo of a <new1> bear",
      "photo of a <new3> cat",
      "photo of a <new2> dog",
    ]);
    expect(jointEstimateRequest(draft)).toMatchObject({
      subjects: [
        { category: "bear", photos: 1, regularisation: 0, generated: false },
        { category: "cat", photos: 2, regularisation: 0, generated: false },
        { category: "dog", photos: 1, regularisation: 1, generated: false },
      ],
      previewImages: 8,
    });
  });

  it("names the word without photos, and takes those that are added", () => {
    const concepts = [bear, file];
    const draft = draftOf(...concepts);
    expect(jointProblem(draft)).toBe(
      "There are no photos for <new2> car, of “File”; add some first.",
    );
    // Its run's steps are not known: the model's usual number.
    expect(draft.steps).toBe(30 + defaultSettings(16).steps);
    const added = { "f 0": [{ id: "x", digest: "d", ...photo("5") }] };
    const subjects = jointSubjects(concepts, sources, added);
    const whole = { ...draft, subjects };
    expect(jointProblem(whole)).toBeNull();
    const { record, photos } = newJointRun(whole, "id", 5);
    expect(record.subjects[1]).toEqual({
      token: "<new2>",
      category: "car",
      photos: 1,
      regularisation: { kind: "generate", count: 40 },
      original: "f",
    });
    expect(photos).toEqual([photo("1"), photo("5")]);
  });

  it.each([
    [{ name: " " }, /Give it a name/],
    [{ steps: NaN }, /number of steps must be a whole number/],
  ])("with %j is refused", (fields, sentence) => {
    expect(jointProblem({ ...draftOf(bear, pair), ...fields })).toMatch(sentence);
  });
});
