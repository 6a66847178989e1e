/**
 * @file `npm run study:five-way`: the teddy bear and the racing car trained apart and together, then five ways of
 * painting with them: each alone, trained together, merged, composed. Options: --backend auto|wasm|webgpu, --seed N
 * (of training), --part NAME (train/joint, paint/merged/both, ...) for a part only, so that several can run side by
 * side. What is there already is not done again. Exits with 1 where a limit is missed.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openRuntime } from "../src/cli/backend.ts";
import { BACKENDS, choiceOption } from "../src/cli/options.ts";
import type { Concept } from "../src/core/concept/concept.ts";
import { SCENE_PROMPTS } from "../src/core/evaluate/prompts.ts";
import { toPixels } from "../src/core/image/convert.ts";
import { relativeDrift } from "../src/core/merge/drift.ts";
import { type ScoredPicture, scorePictures } from "../src/engine/evaluate/score-pictures.ts";
import { regularisationGram } from "../src/engine/merge/regularisation.ts";
import {
  COUNT,
  learnt,
  merged,
  pictures,
  RESULTS,
  type Trained,
  type Training,
  type Way,
  WAYS,
} from "./five-way-parts.ts";
import {
  type Figures,
  type FiveWay,
  page,
  type PromptSet,
  type SeedResult,
  verdicts,
  type WayScores,
} from "./five-way-report.ts";
import { type Lab, openLab, samplePhotos, writeSheet } from "./lab.ts";

const { values } = parseArgs({
  options: {
    backend: { type: "string" },
    seed: { type: "string", default: "1" },
    part: { type: "string" },
  },
});
const seed = Number(values.seed);
const resultsFile = `${RESULTS}five-way.json`;
await mkdir(RESULTS, { recursive: true });

const { runtime, reason, release } = await openRuntime(
  choiceOption("backend", values.backend, BACKENDS, "auto"),
);
console.log(reason);
const lab = await openLab(runtime);
if (values.part === undefined) await everything();
else await onePart(values.part.split("/"));
release();

async function onePart([what = "", name = "", set = ""]: string[]): Promise<void> {
  if (what === "train") await learnt(lab, reason, name as Training, seed);
  else await pictures(lab, reason, [name as Way, set as PromptSet], seed);
}

async function everything(): Promise<void> {
  const before = JSON.parse(
    await readFile(resultsFile, "utf8").catch(() => '{"seeds":[]}'),
  ) as FiveWay;
  const others = before.seeds.filter((result) => result.seed !== seed);
  const results = { seeds: [...others, await study()].sort((a, b) => a.seed - b.seed) };
  await writeFile(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
  await writeFile(fileURLToPath(new URL("../docs/five-ways.md", import.meta.url)), page(results));
  for (const { what, value, limit, good } of verdicts(results)) {
    console.log(`${what}: ${value} (${limit})${good ? "" : "  MISSED"}`);
    if (!good) process.exitCode = 1;
  }
}

async function study(): Promise<SeedResult> {
  const [bear, car, joint] = [
    await learnt(lab, reason, "bear", seed),
    await learnt(lab, reason, "car", seed),
    await learnt(lab, reason, "joint", seed),
  ];
  const start = performance.now();
  const both = await merged(lab, [bear, car]);
  const secondsOfMerge = (performance.now() - start) / 1000;
  const ways: WayScores[] = [];
  const show = new Map<string, readonly ScoredPicture[]>();
  for (const [way, sets] of Object.entries(WAYS) as [Way, readonly PromptSet[]][]) {
    const scores: Partial<Record<PromptSet, Figures>> = {};
    for (const set of sets) {
      const painted = await pictures(lab, reason, [way, set], seed);
      show.set(`${way}/${set}`, painted);
      scores[set] = await figures(lab, painted);
      console.log(way, set, scores[set]);
    }
    ways.push({ way, scores });
  }
  // One line a scene: both alone, then what paints both at once.
  const columns = ["alone/bear", "alone/car", "joint/both", "merged/both", "composed/both"];
  const sheet = SCENE_PROMPTS.flatMap((_, scene) =>
    columns.flatMap((name) => show.get(name)?.slice(COUNT * scene, COUNT * scene + 1) ?? []),
  );
  const cells = sheet.map(({ picture }) => toPixels(picture));
  await writeSheet(`five-ways-${seed}`, cells, columns.length);
  const trainings = await Promise.all(
    (["bear", "car", "joint"] as const).map(
      async (name) =>
        JSON.parse(await readFile(`${RESULTS}five-way-${name}-${seed}.json`, "utf8")) as Trained,
    ),
  );
  const drift = await drifts({ bear, car, joint, merged: both.concept });
  return { seed, trainings, secondsOfMerge, ways, drift };
}

async function figures({ clip, model }: Lab, painted: readonly ScoredPicture[]): Promise<Figures> {
  const [bear, car] = [
    await scorePictures(clip, model.tokenizer, painted, await samplePhotos("teddy-bear")),
    await scorePictures(clip, model.tokenizer, painted, await samplePhotos("racing-car")),
  ];
  return {
    bear: bear.imageAlignment.value,
    car: car.imageAlignment.value,
    text: bear.textAlignment.value,
  };
}

/** ‖C ΔW‖ / ‖C W0‖ on captions that neither training nor merging has seen. */
async function drifts(
  concepts: Readonly<Record<keyof SeedResult["drift"], Concept>>,
): Promise<SeedResult["drift"]> {
  const captions = new URL("../tests/reference/captions-held-out.txt", import.meta.url);
  const lines = (await readFile(captions, "utf8")).split("\n").filter((line) => line.trim() !== "");
  const gram = await regularisationGram(lab.model, runtime, lines);
  const of = ({ kvDifference }: Concept): number =>
    kvDifference === null ? 0 : relativeDrift(lab.model.kvWeights, kvDifference, gram);
  const { bear, car, joint, merged: both } = concepts;
  return { bear: of(bear), car: of(car), joint: of(joint), merged: of(both) };
}
