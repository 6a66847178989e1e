/** @file Concepts composed step by step on the nano model: each alone is what it was, and together all are seen. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { nanoConcept } from "../../../tests/support/nano-concept.ts";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { NANO_REQUEST } from "../../../tests/support/nano-training.ts";
import type { Concept } from "../../core/concept/concept.ts";
import type { Weighting } from "../../core/compose/weighting.ts";
import { type Model, readModel } from "../model/read-model.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { Pipeline } from "./pipeline.ts";

const REQUEST = { ...NANO_REQUEST, prompt: "a <new1> bear and a <new2> dog", negativePrompt: "" };
/** Batches of other sizes add up products in another order. */
const ROUNDING = 1e-4;

let model: Model;
let pipeline: Pipeline;
let bear: Concept;
let dog: Concept;

beforeAll(async () => {
  model = await readModel("nano", await nanoFiles("dynamo"));
  pipeline = await Pipeline.open(model, nodeRuntime(1));
  bear = nanoConcept(model, "<new1>", "bear");
  dog = nanoConcept(model, "<new2>", "dog");
});

afterAll(() => pipeline.release());

/** Without its difference: then the negative prompt is painted by the base model's weights when it is alone, too. */
const wordOnly = (concept: Concept): Concept => ({
  ...concept,
  train: "token",
  kvDifference: null,
});

async function composed(
  weighting: Weighting,
  { concepts = [bear, dog], guidance = REQUEST.guidance, prompt = REQUEST.prompt } = {},
) {
  await pipeline.compose(
    concepts.map((concept) => ({ concept, strength: 1 })),
    weighting,
  );
  const weights: number[][] = [];
  const images = await pipeline.generate(
    { ...REQUEST, guidance, prompt },
    { onWeights: (all) => weights.push([...all]) },
  );
  return { latents: images.map((image) => image.latents), weights };
}

const withBothWords = (concept: Concept): Concept => ({
  ...concept,
  tokens: [...bear.tokens, ...dog.tokens],
});

async function alone(concept: Concept, prompt = REQUEST.prompt) {
  await pipeline.use(concept);
  const images = await pipeline.generate({ ...REQUEST, prompt });
  return images.map((image) => image.latents);
}

describe("composed concepts", () => {
  it("with all the weight on one are that one, which hears the words of all", async () => {
    const concepts = [bear, dog].map(wordOnly);
    const { latents } = await composed({ kind: "fixed", weights: [1, 0] }, { concepts });
    const expected = await alone(withBothWords(concepts[0]!));
    latents.forEach((own, i) => expect(relativeL2(own, expected[i]!)).toBeLessThan(ROUNDING));
    const [first, second] = [
      await composed({ kind: "fixed", weights: [1, 0] }),
      await composed({ kind: "fixed", weights: [0, 1] }),
    ];
    expect(relativeL2(first.latents[0]!, second.latents[0]!)).toBeGreaterThan(100 * ROUNDING);
  });

  it("ask only the one that the prompt names, where weights are solved for", async () => {
    const prompt = "photo of a <new1> bear";
    const concepts = [wordOnly(bear), dog];
    const { latents, weights } = await composed({ kind: "solved" }, { concepts, prompt });
    const expected = await alone(concepts[0]!, prompt);
    latents.forEach((own, i) => expect(relativeL2(own, expected[i]!)).toBeLessThan(ROUNDING));
    expect(weights.every(([only, ...others]) => only === 1 && others.length === 0)).toBe(true);
    const shared = await composed({ kind: "fixed", weights: [1, 1] }, { concepts, prompt });
    expect(relativeL2(shared.latents[0]!, expected[0]!)).toBeGreaterThan(100 * ROUNDING);
  });

  it("by region are the one that was painted everywhere, or both where they share the picture", async () => {
    const places = model.config.sampleSize ** 2;
    const everywhere = new Float32Array(places).fill(1);
    const nowhere = new Float32Array(places);
    const concepts = [bear, dog].map(wordOnly);
    const { latents } = await composed(
      { kind: "regions", masks: [nowhere, everywhere] },
      { concepts },
    );
    const expected = await alone(withBothWords(concepts[1]!));
    latents.forEach((own, i) => expect(relativeL2(own, expected[i]!)).toBeLessThan(ROUNDING));
    const half = everywhere.map((_, i) => (i < places / 2 ? 1 : 0));
    const other = half.map((x) => 1 - x);
    const mixed = await composed({ kind: "regions", masks: [half, other] });
    const whole = await composed({ kind: "regions", masks: [nowhere, everywhere] });
    expect(relativeL2(mixed.latents[0]!, whole.latents[0]!)).toBeGreaterThan(100 * ROUNDING);
  });

  it("that are solved say what weights they took, for every image and step", async () => {
    const { latents, weights } = await composed({ kind: "solved" });
    expect(weights).toHaveLength(REQUEST.steps * REQUEST.seeds.length);
    for (const [first = 0, second = 0] of weights) {
      expect(first + second).toBeCloseTo(1, 10);
      expect(Math.min(first, second)).toBeGreaterThanOrEqual(0);
    }
    const fixed = await composed({ kind: "fixed", weights: [1, 1] });
    expect(relativeL2(latents[0]!, fixed.latents[0]!)).toBeGreaterThan(ROUNDING);
  });

  it("keep to the prompt alone at guidance 1", async () => {
    const { latents } = await composed({ kind: "fixed", weights: [1, 0] }, { guidance: 1 });
    await pipeline.use(withBothWords(bear));
    const expected = await pipeline.generate({ ...REQUEST, guidance: 1 });
    latents.forEach((own, i) =>
      expect(relativeL2(own, expected[i]!.latents)).toBeLessThan(ROUNDING),
    );
  });

  it("are refused where one changes more than keys and values, and the pipeline goes on", async () => {
    const face: Concept = { ...dog, train: "crossattn", queryOutDifference: new Float32Array(4) };
    const refused = pipeline.compose(
      [
        { concept: bear, strength: 1 },
        { concept: face, strength: 1 },
      ],
      { kind: "solved" },
    );
    await expect(refused).rejects.toThrow(/face mode/);
    await pipeline.use(null);
    expect(await pipeline.generate({ ...REQUEST, steps: 1 })).toHaveLength(2);
  });
});
