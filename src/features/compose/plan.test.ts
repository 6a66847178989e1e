/** @file What Compose asks of the engine: prompts with everybody's own words, and pictures found again in the gallery. */
import { describe, expect, it } from "vitest";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import type { ComposeForm } from "../../state/compose-form.ts";
import { comparison, isPictureOf, pickProblem, trainedTogether } from "./plan.ts";
import { blendWords, usualPrompt } from "./prompts.ts";

const bear = { id: "b", name: "Teddy", tokens: [{ token: "<new1>", category: "bear" }] };
const car = { id: "c", name: "Racer", tokens: [{ token: "<new2>", category: "car" }] };
const twin = { id: "t", name: "Other", tokens: [{ token: "<new1>", category: "cat" }] };

const FORM: ComposeForm = {
  picked: ["b", "c"],
  strengths: { c: 0.8 },
  way: "fixed",
  weights: { b: 2 },
  masks: {},
  prompt: null,
  seed: 7,
};
const SAMPLING = { sampler: "ddim", steps: 20, guidance: 4, eta: 0 } as const;

describe("the comparison", () => {
  it("is each concept alone, merged and composed, from one seed", () => {
    const columns = comparison([bear, car], undefined, FORM, SAMPLING, 4);
    expect(columns.map(({ title, request: { prompt } }) => [title, prompt])).toEqual([
      ["“Teddy” alone", "photo of a <new1> bear and a car"],
      ["“Racer” alone", "photo of a bear and a <new2> car"],
      ["Merged", "photo of a <new1> bear and a <new2> car"],
      ["Composed", "photo of a <new1> bear and a <new2> car"],
    ]);
    expect(columns.map(({ request }) => request.seeds)).toEqual([[7], [7], [7], [7]]);
    expect(columns[1]!.request.concept).toEqual({ id: "c", strength: 0.8 });
    expect(columns[3]!.request.blend).toMatchObject({
      concepts: [
        { id: "b", strength: 1 },
        { id: "c", strength: 0.8 },
      ],
      weighting: { kind: "fixed", weights: [2, 1] },
    });
  });

  it("gives a second concept of one word another, and its own back when it is alone", () => {
    expect(blendWords([bear, twin]).map(([word]) => word?.token)).toEqual(["<new1>", "<new2>"]);
    expect(usualPrompt([bear, twin])).toBe("photo of a <new1> bear and a <new2> cat");
    const [, alone] = comparison([bear, twin], undefined, FORM, SAMPLING, 4);
    expect(alone!.request.prompt).toBe("photo of a bear and a <new1> cat");
  });

  it("has a column for what was trained together, in its own words, before merged and composed", () => {
    // Trained with the twin picked first, which then kept its word.
    const joint = {
      id: "j",
      tokens: [
        { token: "<new1>", category: "cat" },
        { token: "<new2>", category: "bear" },
      ],
      originals: ["t", "b"],
    };
    const columns = comparison([bear, twin], joint, FORM, SAMPLING, 4);
    expect(columns.map(({ title }) => title)).toEqual([
      "“Teddy” alone",
      "“Other” alone",
      "Trained together",
      "Merged",
      "Composed",
    ]);
    expect(columns[3]!.request.prompt).toBe("photo of a <new1> bear and a <new2> cat");
    expect(columns[2]!.request).toMatchObject({
      prompt: "photo of a <new2> bear and a <new1> cat",
      concept: { id: "j", strength: 1 },
      seeds: [7],
    });
    expect(columns[2]!.request.blend).toBeUndefined();
  });

  it("takes for trained together what was made of exactly the picked concepts", () => {
    const stored = [
      { id: "file" },
      { id: "more", originals: ["b", "c", "t"] },
      { id: "two words", originals: ["c", "b", "b"] },
      { id: "older", originals: ["b", "c"] },
    ];
    expect(trainedTogether(stored, [bear, car])?.id).toBe("two words");
    expect(trainedTogether(stored, [car, bear, twin])?.id).toBe("more");
    expect(trainedTogether(stored, [bear, twin])).toBeUndefined();
  });

  it("paints nothing where nobody has painted a region for this size of picture", () => {
    const masks = { b: new Float32Array(9).fill(1), c: Float32Array.of(1, 0, 0, 1) };
    const columns = comparison(
      [bear, car],
      undefined,
      { ...FORM, way: "regions", masks },
      SAMPLING,
      4,
    );
    expect(columns[3]!.request.blend).toMatchObject({
      weighting: { masks: [new Float32Array(4), masks.c] },
    });
  });

  it("finds its pictures among others", () => {
    const joint = { id: "j", tokens: [...bear.tokens, ...car.tokens], originals: ["b", "c"] };
    const columns = comparison([bear, car], joint, FORM, SAMPLING, 4);
    const settings = (index: number): ImageSettings => {
      const { blend, concept, prompt } = columns[index]!.request;
      const chosen = blend?.concepts ?? [concept!];
      return {
        ...{ ...SAMPLING, prompt, negativePrompt: "", seed: 7, backend: "wasm" },
        model: { id: "m", fingerprint: "f" },
        concepts: chosen.map((one) => ({ ...one, name: "", token: "<x>", category: "x" })),
        ...(blend === undefined
          ? {}
          : {
              composition:
                blend.kind === "merged" ? { kind: "merged" } : { kind: "fixed", weights: [2, 1] },
            }),
      };
    };
    for (const [i, column] of columns.entries()) {
      for (const j of columns.keys()) expect(isPictureOf(column, settings(j))).toBe(i === j);
      expect(isPictureOf(column, { ...settings(i), seed: 8 })).toBe(false);
    }
  });
});

describe("concepts that do not go together", () => {
  it.each([
    [[{ ...bear, train: "kv+token" as const }], /two concepts or more/],
    [
      [
        { ...bear, train: "kv+token" as const },
        { ...car, train: "crossattn" as const },
      ],
      /face mode/,
    ],
    [
      [
        { ...bear, train: "kv+token" as const },
        { ...car, tokens: [], train: "kv" as const },
      ],
      /no word/,
    ],
  ])("%#", (concepts, sentence) => {
    expect(pickProblem(concepts)).toMatch(sentence);
  });

  it("or do", () => {
    const train = "kv+token" as const;
    expect(
      pickProblem([
        { ...bear, train },
        { ...car, train },
      ]),
    ).toBeNull();
  });
});
