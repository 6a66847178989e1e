/** @file The parts of the five-way study that take long: trainings and pictures, each kept in files once it is there. */
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { decodeConcept, encodeConcept } from "../src/core/concept/concept-file.ts";
import type { Concept } from "../src/core/concept/concept.ts";
import { fillPrompt, SCENE_PROMPTS } from "../src/core/evaluate/prompts.ts";
import { toPixels, toPlanes } from "../src/core/image/convert.ts";
import { decodePng, encodePng } from "../src/core/image/png.ts";
import { removeModifierTokens } from "../src/core/text/modifier-tokens.ts";
import { defaultSettings } from "../src/core/train/settings.ts";
import type { ScoredPicture } from "../src/engine/evaluate/score-pictures.ts";
import { type MergedConcept, mergeConcepts } from "../src/engine/merge/merge-concepts.ts";
import { broughtGram, mergeCaptions } from "../src/engine/merge/regularisation.ts";
import { conceptLayout } from "../src/engine/model/concept-layout.ts";
import type { NewConcept } from "../src/engine/train/pools.ts";
import { runTraining } from "../src/engine/train/run.ts";
import type { PromptSet } from "./five-way-report.ts";
import { type Lab, paint, samplePhotos, sampleRegularisation, TOKENS } from "./lab.ts";

const SAMPLING = { sampler: "dpmpp-2m", steps: 10, guidance: 4.5 } as const;
/** Pictures a scene, each from noise of its own. */
export const COUNT = 2;
/** Steps of a concept alone; together they take the sum. */
const STEPS = 200;

const [BEAR, CAR] = [`${TOKENS[0]} bear`, `${TOKENS[1]} car`];
const scenes = (thing: string): string[] => SCENE_PROMPTS.map((it) => fillPrompt(it, thing));
const PROMPTS: Readonly<Record<PromptSet, readonly string[]>> = {
  bear: scenes(BEAR),
  car: scenes(CAR),
  both: scenes(`${BEAR} and a ${CAR}`),
};

export const WAYS = {
  alone: ["bear", "car"],
  joint: ["bear", "car", "both"],
  merged: ["bear", "car", "both"],
  composed: ["bear", "car", "both"],
} as const satisfies Readonly<Record<string, readonly PromptSet[]>>;

export type Way = keyof typeof WAYS;

const THINGS = {
  bear: { token: TOKENS[0], samples: "teddy-bear" },
  car: { token: TOKENS[1], samples: "racing-car" },
} as const;
const TRAININGS = { bear: ["bear"], car: ["car"], joint: ["bear", "car"] } as const;

export type Training = keyof typeof TRAININGS;

/** What a training ran on, for the page. */
export interface Trained {
  readonly backend: string;
  readonly seconds: number;
}

/** Committed: what is measured. */
export const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
/** Not committed: pictures, to be painted again at any time. */
const PICTURES = fileURLToPath(new URL("../.cache/five-way/", import.meta.url));

async function subject(category: keyof typeof THINGS): Promise<NewConcept> {
  const { token, samples } = THINGS[category];
  const [photos, regularisation] = [
    await samplePhotos(samples),
    await sampleRegularisation(category),
  ];
  return { token, category, photos, regularisation };
}

/** A concept, or what an earlier run left of it. */
export async function learnt(
  { model, runtime }: Lab,
  reason: string,
  name: Training,
  seed: number,
): Promise<Concept> {
  const file = `${RESULTS}five-way-${name}-${seed}`;
  const layout = conceptLayout(model, false);
  const before = await readFile(`${file}.concept.safetensors`).catch(() => null);
  if (before !== null) return decodeConcept(before, layout, model);
  const concepts: NewConcept[] = [];
  for (const category of TRAININGS[name]) concepts.push(await subject(category));
  const settings = {
    ...defaultSettings(model.config.textWidth),
    steps: STEPS * concepts.length,
    batch: 4,
    learningRate: 3e-4,
    seed,
  };
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 1000);
  const { concept } = await runTraining(
    model,
    runtime,
    { settings, concepts },
    {
      onStep: ({ step, targetLoss, regularisationLoss }) => {
        if (step % 20 !== 0) return;
        const losses = `${targetLoss.toFixed(4)} ${regularisationLoss.toFixed(4)}`;
        console.log(`${name}, step ${step}: ${losses}, ${seconds()} s`);
      },
    },
  );
  const trained: Trained = { backend: reason, seconds: seconds() };
  await writeFile(`${file}.json`, `${JSON.stringify(trained)}\n`);
  await writeFile(`${file}.concept.safetensors`, encodeConcept(concept, layout));
  return concept;
}

/** The two that were trained apart, merged by the default model's own captions. */
export async function merged(
  { model, runtime }: Lab,
  apart: readonly Concept[],
): Promise<MergedConcept> {
  const captions = await mergeCaptions(model, () => Promise.resolve(""));
  const gram = await broughtGram(model, captions);
  if (gram === null) throw new Error("the default model has lost the Gram matrix of its captions");
  const weighed = apart.map((concept) => ({ concept, strength: 1 }));
  return mergeConcepts(model, runtime, weighed, gram);
}

/** The pictures of a way and a set of prompts, in their order: `COUNT` a scene. */
export async function pictures(
  lab: Lab,
  reason: string,
  [way, set]: readonly [Way, PromptSet],
  seed: number,
): Promise<ScoredPicture[]> {
  const folder = `${PICTURES}${seed}/${way}-${set}/`;
  const captions = PROMPTS[set].map((prompt) => removeModifierTokens(prompt, TOKENS));
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".png"));
  if (files.length === COUNT * captions.length) {
    return Promise.all(
      files.sort().map(async (name, i) => ({
        picture: toPlanes(decodePng(await readFile(folder + name)).pixels),
        caption: captions[Math.floor(i / COUNT)] ?? "",
      })),
    );
  }
  await choose(lab, reason, way, set, seed);
  const painted = await paint(lab, PROMPTS[set], COUNT, SAMPLING);
  await mkdir(folder, { recursive: true });
  for (const [i, { picture }] of painted.entries()) {
    const name = `${String(i).padStart(2, "0")}.png`;
    await writeFile(folder + name, encodePng(toPixels(picture)));
  }
  return painted;
}

/** Makes the pipeline paint that way. */
async function choose(
  lab: Lab,
  reason: string,
  way: Way,
  set: PromptSet,
  seed: number,
): Promise<void> {
  const { pipeline } = lab;
  const of = (name: Training): Promise<Concept> => learnt(lab, reason, name, seed);
  switch (way) {
    case "alone":
      return pipeline.use(await of(set === "car" ? "car" : "bear"));
    case "joint":
      return pipeline.use(await of("joint"));
    case "merged":
      return pipeline.use((await merged(lab, [await of("bear"), await of("car")])).concept);
    case "composed":
      return pipeline.compose(
        [await of("bear"), await of("car")].map((concept) => ({ concept, strength: 1 })),
        { kind: "solved" },
      );
  }
}
