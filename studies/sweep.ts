/**
 * @file `npm run study:sweep`: how learning rate, steps and batch trade likeness for obedience to the prompt.
 * Writes studies/results/sweep.json as it goes, and starts again where it was stopped.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { fillPrompt, SCENE_PROMPTS } from "../src/core/evaluate/prompts.ts";
import { preparePools } from "../src/engine/train/pools.ts";
import { defaultSettings, type TrainSettings } from "../src/engine/train/settings.ts";
import { Trainer } from "../src/engine/train/trainer.ts";
import { openLab, samplePhotos, sampleRegularisation, score, TOKEN } from "./lab.ts";

export interface SweepPoint {
  readonly learningRate: number;
  readonly batch: number;
  readonly steps: number;
  readonly image: number;
  readonly text: number;
}

/** Learning rate and batch of each run, and the steps after which it is scored. */
const RUNS = [
  { learningRate: 3e-4, batch: 4, stops: [50, 100, 150, 200, 250] },
  { learningRate: 1e-4, batch: 4, stops: [50, 100, 150, 200, 250] },
  { learningRate: 1e-3, batch: 4, stops: [25, 50, 100, 150] },
  { learningRate: 3e-4, batch: 2, stops: [50, 100, 150, 200, 250] },
  { learningRate: 3e-4, batch: 8, stops: [50, 100, 150] },
] as const;

/** Cheaper sampling than the check's: points are compared with each other only. */
const SAMPLING = { sampler: "dpmpp-2m", steps: 10, guidance: 4.5 } as const;
const COUNT = 1;

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    run: { type: "string" },
    out: { type: "string", default: new URL("results/sweep.json", import.meta.url).pathname },
  },
});

async function readPoints(): Promise<SweepPoint[]> {
  const text = await readFile(values.out, "utf8").catch(() => "[]");
  return JSON.parse(text) as SweepPoint[];
}

async function addPoint(point: SweepPoint): Promise<void> {
  await mkdir(new URL("results/", import.meta.url), { recursive: true });
  const points = [...(await readPoints()), point];
  await writeFile(values.out, `${JSON.stringify(points, null, 2)}\n`);
}

const lab = await openLab(Number(values.threads));
const photos = await samplePhotos("teddy-bear");
const regularisation = await sampleRegularisation("bear");
const concepts = [{ token: TOKEN, category: "bear", photos }];
const base: TrainSettings = defaultSettings(lab.model.config.textWidth);
const pools = await preparePools(lab.model, lab.runtime, {
  settings: base,
  concepts,
  regularisation,
});

for (const [index, { learningRate, batch, stops }] of RUNS.entries()) {
  if (values.run !== undefined && Number(values.run) !== index) continue;
  const known = (await readPoints()).filter(
    (point) => point.learningRate === learningRate && point.batch === batch,
  );
  if (known.length === stops.length) continue;
  const microBatch = Math.min(4, batch);
  const settings = { ...base, learningRate, tokenLearningRate: learningRate, batch, microBatch };
  const trainer = await Trainer.open(lab.model, lab.runtime, settings, concepts);
  for (const steps of stops) {
    while (trainer.step < steps) await trainer.next(pools);
    if (known.some((point) => point.steps === steps)) continue;
    const concept = await trainer.concept();
    const { image, text } = await score(
      lab,
      concept,
      SCENE_PROMPTS.map((prompt) => fillPrompt(prompt, `${TOKEN} bear`)),
      COUNT,
      SAMPLING,
      photos,
    );
    console.log(
      `learning rate ${learningRate}, batch ${batch}, ${steps} steps: image ${image.toFixed(3)}, text ${text.toFixed(3)}`,
    );
    await addPoint({ learningRate, batch, steps, image, text });
  }
  await trainer.release();
}
