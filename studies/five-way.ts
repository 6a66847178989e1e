/**
 * @file `npm run study:five-way`: two sample concepts trained apart and together, then five ways of painting with
 * them: each alone, trained together, merged, composed. Options: --pair house,flower (their categories), --backend
 * auto|wasm|webgpu, --seed N (of training), --part NAME (train/joint, paint/merged/both, ...) for a part only, so that
 * several can run side by side. What is there already is not done again. Exits with 1 where the pair misses a limit.
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
  type Case,
  caseName,
  type Category,
  COUNT,
  learnt,
  merged,
  pictures,
  RESULTS,
  SAMPLES,
  trained,
  type Training,
  type Way,
  WAYS,
} from "./five-way-parts.ts";
import {
  type Figures,
  type FiveWay,
  page,
  type PromptSet,
  type Result,
  verdicts,
  type WayScores,
} from "./five-way-report.ts";
import { type Lab, openLab, samplePhotos, writeSheet } from "./lab.ts";

const { values } = parseArgs({
  options: {
    backend: { type: "string" },
    pair: { type: "string", default: "house,flower" },
    seed: { type: "string", default: "1" },
    part: { type: "string" },
  },
});
const which: Case = { pair: readPair(values.pair), seed: Number(values.seed) };
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

function readPair(text: string): Case["pair"] {
  const known = Object.keys(SAMPLES) as Category[];
  const [first, second, ...more] = text.split(",").map((name) => known.find((it) => it === name));
  if (first === undefined || second === undefined || more.length > 0) {
    throw new Error(`--pair takes two of ${known.join(", ")}, with a comma between them.`);
  }
  return [first, second];
}

async function onePart([what = "", name = "", set = ""]: string[]): Promise<void> {
  if (what === "train") await learnt(lab, reason, which, name as Training);
  else await pictures(lab, reason, which, [name as Way, set as PromptSet]);
}

async function everything(): Promise<void> {
  const before = JSON.parse(
    await readFile(resultsFile, "utf8").catch(() => '{"results":[]}'),
  ) as FiveWay;
  const result = await study();
  const same = (it: Result): boolean => caseName(it) === caseName(result);
  const found = before.results.some(same);
  const results = found
    ? before.results.map((it) => (same(it) ? result : it))
    : [...before.results, result];
  await writeFile(resultsFile, `${JSON.stringify({ results }, null, 2)}\n`);
  const docs = fileURLToPath(new URL("../docs/five-ways.md", import.meta.url));
  await writeFile(docs, page({ results }));
  for (const { what, value, limit, good } of verdicts(result)) {
    console.log(`${what}: ${value} (${limit})${good ? "" : "  MISSED"}`);
    if (!good) process.exitCode = 1;
  }
}

async function study(): Promise<Result> {
  const [first, second, joint] = [
    await learnt(lab, reason, which, "first"),
    await learnt(lab, reason, which, "second"),
    await learnt(lab, reason, which, "joint"),
  ];
  const times: number[] = [];
  let both = await merged(lab, [first, second]);
  // After one that finds V8 compiling.
  while (times.length < 3) {
    const start = performance.now();
    both = await merged(lab, [first, second]);
    times.push((performance.now() - start) / 1000);
  }
  const secondsOfMerge = times.sort((a, b) => a - b)[1] ?? 0;
  const ways: WayScores[] = [];
  const show = new Map<string, readonly ScoredPicture[]>();
  for (const [way, sets] of Object.entries(WAYS) as [Way, readonly PromptSet[]][]) {
    const scores: Partial<Record<PromptSet, Figures>> = {};
    for (const set of sets) {
      const painted = await pictures(lab, reason, which, [way, set]);
      show.set(`${way}/${set}`, painted);
      scores[set] = await figures(lab, painted);
      console.log(way, set, scores[set]);
    }
    ways.push({ way, scores });
  }
  // One line a scene: both alone, then what paints both at once.
  const columns = ["alone/first", "alone/second", "joint/both", "merged/both", "composed/both"];
  const sheet = SCENE_PROMPTS.flatMap((_, scene) =>
    columns.flatMap((name) => show.get(name)?.slice(COUNT * scene, COUNT * scene + 1) ?? []),
  );
  const cells = sheet.map(({ picture }) => toPixels(picture));
  await writeSheet(`five-ways-${caseName(which)}`, cells, columns.length);
  const trainings = [
    await trained(which, "first"),
    await trained(which, "second"),
    await trained(which, "joint"),
  ];
  const drift = await drifts({ first, second, joint, merged: both.concept });
  return { ...which, trainings, secondsOfMerge, ways, drift };
}

async function figures({ clip, model }: Lab, painted: readonly ScoredPicture[]): Promise<Figures> {
  const photos = (thing: 0 | 1) => samplePhotos(SAMPLES[which.pair[thing]]);
  const first = await scorePictures(clip, model.tokenizer, painted, await photos(0));
  const second = await scorePictures(clip, model.tokenizer, painted, await photos(1));
  return {
    first: first.imageAlignment.value,
    second: second.imageAlignment.value,
    text: first.textAlignment.value,
  };
}

/** ‖C ΔW‖ / ‖C W0‖ on captions that neither training nor merging has seen. */
async function drifts(
  concepts: Readonly<Record<keyof Result["drift"], Concept>>,
): Promise<Result["drift"]> {
  const captions = new URL("../tests/reference/captions-held-out.txt", import.meta.url);
  const lines = (await readFile(captions, "utf8")).split("\n").filter((line) => line.trim() !== "");
  const gram = await regularisationGram(lab.model, runtime, lines);
  const of = ({ kvDifference }: Concept): number =>
    kvDifference === null ? 0 : relativeDrift(lab.model.kvWeights, kvDifference, gram);
  const { first, second, joint, merged: both } = concepts;
  return { first: of(first), second: of(second), joint: of(joint), merged: of(both) };
}
