/** @file Back from a picture to Compose: the form asks for the very same picture again, and says what it cannot. */
import { describe, expect, it } from "vitest";
import { recordWeighting } from "../../core/compose/record-weighting.ts";
import type { RecordedComposition } from "../../core/image/image-settings.ts";
import type { ComposeForm } from "../../state/compose-form.ts";
import { type Column, comparison, isPictureOf } from "./plan.ts";
import type { PickedConcept } from "./prompts.ts";
import { type ComposedSettings, reuseComposition } from "./reuse-composition.ts";

const bear = { id: "b", name: "Teddy", tokens: [{ token: "<new1>", category: "bear" }] };
const twin = { id: "t", name: "Other", tokens: [{ token: "<new1>", category: "cat" }] };
const both = {
  id: "w",
  name: "Two words",
  tokens: [
    { token: "<new3>", category: "cup" },
    { token: "<new4>", category: "car" },
  ],
};
const CONCEPTS: readonly PickedConcept[] = [bear, both, twin];
const MODEL = { fingerprint: "toy", latents: 2 };

const EMPTY: ComposeForm = {
  picked: [],
  strengths: {},
  way: "solved",
  weights: {},
  masks: {},
  prompt: null,
  seed: 1,
};
const PAINTED: ComposeForm = {
  picked: ["t", "b", "w"],
  strengths: { b: 0.5, t: 1.4 },
  way: "fixed",
  weights: { t: 2, w: 0 },
  masks: {},
  prompt: "a <new1> cat, a <new2> bear, a <new3> cup and a <new4> car",
  seed: 77,
};
const SAMPLING = { sampler: "ddim", steps: 3, guidance: 4, eta: 0 } as const;

const columnsOf = (form: ComposeForm): Column[] =>
  comparison(
    form.picked.map((id) => CONCEPTS.find((concept) => concept.id === id)!),
    undefined,
    form,
    SAMPLING,
    MODEL.latents ** 2,
  );

/** As the engine records the picture of a column. */
function settingsOf({ request }: Column, words: readonly string[]): ComposedSettings {
  const { blend, seeds, prompt, negativePrompt } = request;
  const used = blend!.concepts.flatMap(({ id, strength }) => {
    const { name, tokens } = CONCEPTS.find((concept) => concept.id === id)!;
    return tokens.map(({ category }) => ({ id, name, category, strength }));
  });
  return {
    ...SAMPLING,
    prompt,
    negativePrompt,
    seed: seeds[0]!,
    model: { id: "toybox-256", fingerprint: "toy" },
    concepts: used.map((one, i) => ({ ...one, token: words[i]! })),
    backend: "wasm",
    composition: blend!.kind === "merged" ? { kind: "merged" } : recordWeighting(blend!.weighting),
  };
}

const WORDS = ["<new1>", "<new2>", "<new3>", "<new4>"];

describe("reuseComposition", () => {
  it.each<[string, Partial<ComposeForm>, string]>([
    ["shares", {}, "composed"],
    ["solved shares", { way: "solved" }, "composed"],
    [
      "regions",
      {
        way: "regions",
        masks: {
          t: Float32Array.of(1, 0, 0, 0),
          b: Float32Array.of(0, 1, 1, 0),
          w: Float32Array.of(0, 0, 0, 1),
        },
      },
      "composed",
    ],
    ["a merge", {}, "merged"],
  ])("asks for the very same picture: %s", (_, changes, key) => {
    const column = columnsOf({ ...PAINTED, ...changes }).find((one) => one.key === key)!;
    const settings = settingsOf(column, WORDS);
    const { fields, notes } = reuseComposition(settings, EMPTY, CONCEPTS, MODEL);
    expect(notes).toEqual([]);
    expect(fields.picked).toEqual(["t", "b", "w"]);
    const again = columnsOf({ ...EMPTY, ...fields }).find((one) => one.key === key)!;
    expect(again).toEqual(column);
    expect(isPictureOf(again, settings)).toBe(true);
  });

  const settings = settingsOf(columnsOf(PAINTED).at(-1)!, WORDS);

  it("finds concepts of another studio by name, though a word of theirs was changed", () => {
    const elsewhere = settings.concepts.map((used) => ({ ...used, id: `${used.id} elsewhere` }));
    const { fields, notes } = reuseComposition(
      { ...settings, concepts: elsewhere },
      EMPTY,
      CONCEPTS,
      MODEL,
    );
    expect(notes).toEqual([]);
    expect(fields).toMatchObject({
      picked: ["t", "b", "w"],
      strengths: { b: 0.5, t: 1.4, w: 1 },
      weights: { t: 2, b: 1, w: 0 },
    });
  });

  it("names concepts that are gone, and keeps the shares of those that are here", () => {
    const { fields, notes } = reuseComposition(settings, EMPTY, [twin, both], MODEL);
    expect(fields).toMatchObject({ picked: ["t", "w"], weights: { t: 2, w: 0 } });
    expect(notes).toEqual([expect.stringMatching(/“Teddy” \(<new2> bear\) is not here/u)]);
  });

  it("says what is different: model, negative prompt, size, damage", () => {
    const strange: ComposedSettings = {
      ...settings,
      negativePrompt: "blue",
      model: { id: "sd15", fingerprint: "sd" },
      composition: recordWeighting({
        kind: "regions",
        masks: [1, 2, 3].map(() => new Float32Array(9)),
      }),
    };
    const { fields, notes } = reuseComposition(strange, EMPTY, CONCEPTS, MODEL);
    expect(notes).toEqual([
      expect.stringMatching(/another size/u),
      expect.stringMatching(/negative prompt is left out/u),
      expect.stringMatching(/another model \(sd15\)/u),
    ]);
    expect(fields.way).toBeUndefined();
    const damaged: RecordedComposition[] = [
      { kind: "regions", masks: ["!", "!", "!"] },
      { kind: "fixed", weights: [1] },
    ];
    for (const composition of damaged) {
      const reused = reuseComposition({ ...settings, composition }, EMPTY, CONCEPTS, MODEL);
      expect(reused.notes).toHaveLength(1);
      expect(reused.fields.way).toBeUndefined();
    }
  });
});
