/**
 * @file `npm run study:sweep`: how learning rate, steps and batch trade likeness for obedience to the prompt.
 * Adds the points of studies/sweep-runs.json that studies/results/sweep.json does not have yet, and draws them all.
 * tools/sweep.py gives such points by PyTorch, sooner; `--draw` trains nothing.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { fillPrompt, SCENE_PROMPTS } from "../src/core/evaluate/prompts.ts";
import { preparePools } from "../src/engine/train/pools.ts";
import { defaultSettings, type TrainSettings } from "../src/core/train/settings.ts";
import { Trainer } from "../src/engine/train/trainer.ts";
import { scatter } from "./scatter.ts";
import { nodeRuntime } from "../src/engine/ort/runtime-node.ts";
import { openLab, samplePhotos, sampleRegularisation, score, TOKENS } from "./lab.ts";

interface Run {
  readonly learningRate: number;
  readonly tokenLearningRate: number;
  readonly batch: number;
}

interface PlannedRun extends Run {
  /** Steps after which it is scored. */
  readonly stops: readonly number[];
}

interface Point extends Run {
  readonly steps: number;
  readonly image: number;
  readonly text: number;
}

/** Cheaper sampling than the check's: points are compared with each other only. */
const SAMPLING = { sampler: "dpmpp-2m", steps: 10, guidance: 4.5 } as const;
const COUNT = 2;
const [TOKEN] = TOKENS;
const PROMPTS = SCENE_PROMPTS.map((prompt) => fillPrompt(prompt, `${TOKEN} bear`));

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    run: { type: "string" },
    draw: { type: "boolean", default: false },
    out: { type: "string", default: new URL("results/sweep.json", import.meta.url).pathname },
  },
});

async function readPoints(): Promise<Point[]> {
  const text = await readFile(values.out, "utf8").catch(() => "[]");
  return JSON.parse(text) as Point[];
}

async function addPoint(point: Point): Promise<void> {
  await mkdir(new URL("results/", import.meta.url), { recursive: true });
  const points = [...(await readPoints()), point];
  await writeFile(values.out, `${JSON.stringify(points, null, 2)}\n`);
}

if (!values.draw) await addMissing();
await draw(await readPoints());

/** Trains what has no points yet. */
async function addMissing(): Promise<void> {
  const lab = await openLab(nodeRuntime(Number(values.threads)));
  const photos = await samplePhotos("teddy-bear");
  const regularisation = await sampleRegularisation("bear");
  const concepts = [{ token: TOKEN, category: "bear", photos, regularisation }];
  const base: TrainSettings = defaultSettings(lab.model.config.textWidth);
  const pools = await preparePools(lab.model, lab.runtime, {
    settings: base,
    concepts,
  });

  const runs = JSON.parse(
    await readFile(new URL("sweep-runs.json", import.meta.url), "utf8"),
  ) as PlannedRun[];
  for (const [index, { stops, ...run }] of runs.entries()) {
    if (values.run !== undefined && Number(values.run) !== index) continue;
    const known = (await readPoints()).filter((point) => nameOf(point) === nameOf(run));
    if (known.length === stops.length) continue;
    const settings = { ...base, ...run, microBatch: Math.min(4, run.batch) };
    const trainer = await Trainer.open(lab.model, lab.runtime, settings, concepts);
    for (const steps of stops) {
      while (trainer.step < steps) await trainer.next(pools);
      if (known.some((point) => point.steps === steps)) continue;
      const concept = await trainer.concept();
      const { image, text } = await score(lab, concept, PROMPTS, COUNT, SAMPLING, photos);
      console.log(
        `${nameOf(run)}, ${steps} steps: image ${image.toFixed(3)}, text ${text.toFixed(3)}`,
      );
      await addPoint({ ...run, steps, image, text });
    }
    await trainer.release();
  }
}

function nameOf({ learningRate, tokenLearningRate, batch }: Run): string {
  return `${learningRate}, word ${tokenLearningRate}, batch ${batch}`;
}

/** Likeness against obedience, one line a run. */
async function draw(points: readonly Point[]): Promise<void> {
  const labels = [...new Set(points.map(nameOf))];
  const svg = scatter(
    labels.map((label) => ({
      label,
      points: points
        .filter((point) => nameOf(point) === label)
        .toSorted((a, b) => a.steps - b.steps)
        .map(({ image, text, steps }) => ({ x: text, y: image, note: String(steps) })),
    })),
    { x: "text alignment", y: "image alignment" },
  );
  await writeFile(new URL("../docs/pictures/sweep.svg", import.meta.url), svg);
}
