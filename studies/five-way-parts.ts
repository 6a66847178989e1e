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

export const WAYS = {
  alone: ["first", "second"],
  joint: ["first", "second", "both"],
  merged: ["first", "second", "both"],
  composed: ["first", "second", "both"],
} as const satisfies Readonly<Record<string, readonly PromptSet[]>>;

export type Way = keyof typeof WAYS;

/** The sample concept of each category. */
export const SAMPLES = {
  bag: "backpack",
  bear: "teddy-bear",
  car: "racing-car",
  cat: "orange-cat",
  flower: "sunflower",
  house: "garden-house",
} as const;

export type Category = keyof typeof SAMPLES;

/** Two things taught apart and together, with one seed of training. */
export interface Case {
  /** The first of them is `<new1>`, the second `<new2>`. */
  readonly pair: readonly [Category, Category];
  readonly seed: number;
}

export type Training = "first" | "second" | "joint";

/** Name of a case's files: "bear-car-1". */
export function caseName({ pair, seed }: { pair: readonly string[]; seed: number }): string {
  return `${pair.join("-")}-${seed}`;
}

function prompts({ pair: [first, second] }: Case, set: PromptSet): string[] {
  const [a, b] = [`${TOKENS[0]} ${first}`, `${TOKENS[1]} ${second}`];
  const thing = { first: a, second: b, both: `${a} and a ${b}` }[set];
  return SCENE_PROMPTS.map((it) => fillPrompt(it, thing));
}

/** What a training ran on, for the page. */
export interface Trained {
  readonly backend: string;
  readonly seconds: number;
}

/** Committed: what is measured. */
export const RESULTS = fileURLToPath(new URL("results/", import.meta.url));
/** Not committed: pictures, to be painted again at any time. */
const PICTURES = fileURLToPath(new URL("../.cache/five-way/", import.meta.url));

async function subject({ pair }: Case, which: 0 | 1): Promise<NewConcept> {
  const category = pair[which];
  const [photos, regularisation] = [
    await samplePhotos(SAMPLES[category]),
    await sampleRegularisation(category),
  ];
  return { token: TOKENS[which], category, photos, regularisation };
}

/** A concept, or what an earlier run left of it. */
export async function learnt(
  { model, runtime }: Lab,
  reason: string,
  which: Case,
  training: Training,
): Promise<Concept> {
  const file = trainingFile(which, training);
  const layout = conceptLayout(model, false);
  const before = await readFile(`${file}.concept.safetensors`).catch(() => null);
  if (before !== null) return decodeConcept(before, layout, model);
  const concepts: NewConcept[] = [];
  if (training !== "second") concepts.push(await subject(which, 0));
  if (training !== "first") concepts.push(await subject(which, 1));
  const settings = {
    ...defaultSettings(model.config.textWidth),
    steps: STEPS * concepts.length,
    batch: 4,
    learningRate: 3e-4,
    seed: which.seed,
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
        console.log(`${caseName(which)} ${training}, step ${step}: ${losses}, ${seconds()} s`);
      },
    },
  );
  const trained: Trained = { backend: reason, seconds: seconds() };
  await writeFile(`${file}.json`, `${JSON.stringify(trained)}\n`);
  await writeFile(`${file}.concept.safetensors`, encodeConcept(concept, layout));
  return concept;
}

/** What a training that is done ran on. */
export async function trained(which: Case, training: Training): Promise<Trained> {
  return JSON.parse(await readFile(`${trainingFile(which, training)}.json`, "utf8")) as Trained;
}

function trainingFile(which: Case, training: Training): string {
  return `${RESULTS}five-way-${caseName(which)}-${training}`;
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
  which: Case,
  [way, set]: readonly [Way, PromptSet],
): Promise<ScoredPicture[]> {
  const folder = `${PICTURES}${caseName(which)}/${way}-${set}/`;
  const asked = prompts(which, set);
  const captions = asked.map((prompt) => removeModifierTokens(prompt, TOKENS));
  const files = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".png"));
  if (files.length === COUNT * captions.length) {
    return Promise.all(
      files.sort().map(async (name, i) => ({
        picture: toPlanes(decodePng(await readFile(folder + name)).pixels),
        caption: captions[Math.floor(i / COUNT)] ?? "",
      })),
    );
  }
  await choose(lab, reason, which, [way, set]);
  const painted = await paint(lab, asked, COUNT, SAMPLING);
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
  which: Case,
  [way, set]: readonly [Way, PromptSet],
): Promise<void> {
  const { pipeline } = lab;
  const of = (training: Training): Promise<Concept> => learnt(lab, reason, which, training);
  switch (way) {
    case "alone":
      return pipeline.use(await of(set === "second" ? "second" : "first"));
    case "joint":
      return pipeline.use(await of("joint"));
    case "merged":
      return pipeline.use((await merged(lab, [await of("first"), await of("second")])).concept);
    case "composed":
      return pipeline.compose(
        [await of("first"), await of("second")].map((concept) => ({ concept, strength: 1 })),
        { kind: "solved" },
      );
  }
}
