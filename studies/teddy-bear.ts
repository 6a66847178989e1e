/**
 * @file `npm run study:teddy-bear`: trains the teddy bear and holds it to the figures that training has to reach.
 * Two rows, with given and with generated regularisation images; figures and pictures go into docs/, what was learnt
 * into studies/results/. What is there already is not done again; `--row given` does one row only. Exits with 1 where
 * a limit is missed.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { GeneratedRegularisation } from "../src/cli/regularisation.ts";
import { encodeConcept } from "../src/core/concept/concept-file.ts";
import { type Concept, resetConcept } from "../src/core/concept/concept.ts";
import { fillPrompt, SCENE_PROMPTS } from "../src/core/evaluate/prompts.ts";
import { conceptLayout } from "../src/engine/model/concept-layout.ts";
import { nodeRuntime } from "../src/engine/ort/runtime-node.ts";
import { runTraining } from "../src/engine/train/run.ts";
import { defaultSettings, type TrainSettings } from "../src/core/train/settings.ts";
import { page, type Results, verdicts } from "./teddy-bear-report.ts";
import {
  type Lab,
  openLab,
  samplePhotos,
  sampleRegularisation,
  score,
  TOKENS,
  writeSheet,
} from "./lab.ts";

const [TOKEN] = TOKENS;
const SAMPLING = { sampler: "ddim", steps: 20, guidance: 4.5 } as const;
/** Pictures a scene, each from noise of its own. */
const COUNT = 2;
const CONCEPT = SCENE_PROMPTS.map((prompt) => fillPrompt(prompt, `${TOKEN} bear`));
const CLASS = SCENE_PROMPTS.map((prompt) => fillPrompt(prompt, "bear"));

const { values } = parseArgs({
  options: {
    threads: { type: "string", default: "2" },
    row: { type: "string" },
  },
});
const resultsFile = fileURLToPath(new URL("results/teddy-bear.json", import.meta.url));
await mkdir(fileURLToPath(new URL("results/", import.meta.url)), { recursive: true });

/** Read anew for every change: two rows may be under way in two processes. */
const readResults = async (): Promise<Results> =>
  JSON.parse(await readFile(resultsFile, "utf8").catch(() => '{"rows":[]}')) as Results;
async function change(edit: (results: Results) => Results): Promise<void> {
  const results = edit(await readResults());
  await writeFile(resultsFile, `${JSON.stringify(results, null, 2)}\n`);
}

const lab = await openLab(nodeRuntime(Number(values.threads)));
const photos = await samplePhotos("teddy-bear");

if ((await readResults()).before === undefined && values.row !== "generated") {
  const base = await score(lab, null, CLASS, COUNT, SAMPLING, photos);
  await writeSheet("teddy-bear-class-before", base.pictures, 8);
  const rare = await score(lab, untrained(lab), CONCEPT, COUNT, SAMPLING, photos);
  const before = { class: figures(base), concept: figures(rare) };
  await change((results) => ({ ...results, before, photos: base.photos }));
}

for (const regularisation of ["given", "generated"] as const) {
  if (values.row !== undefined && values.row !== regularisation) continue;
  if ((await readResults()).rows.some((row) => row.regularisation === regularisation)) continue;
  const settings: TrainSettings = {
    ...defaultSettings(lab.model.config.textWidth),
    steps: 200,
    batch: 4,
    learningRate: 3e-4,
  };
  const images =
    regularisation === "given" ? await sampleRegularisation("bear") : await generated(lab);
  const start = performance.now();
  const { concept } = await runTraining(
    lab.model,
    lab.runtime,
    { settings, concepts: [{ token: TOKEN, category: "bear", photos, regularisation: images }] },
    {
      onStep: ({ step, targetLoss, regularisationLoss }) => {
        if (step % 10 === 0) {
          console.log(step, targetLoss.toFixed(4), regularisationLoss.toFixed(4));
        }
      },
    },
  );
  await writeFile(
    new URL(`results/teddy-bear-${regularisation}.concept.safetensors`, import.meta.url),
    encodeConcept(concept, conceptLayout(lab.model, false)),
  );
  const secondsOfTraining = Math.round((performance.now() - start) / 1000);
  const taught = await score(lab, concept, CONCEPT, COUNT, SAMPLING, photos);
  const drifted = await score(lab, concept, CLASS, COUNT, SAMPLING, photos);
  const reset = resetConcept(concept, { difference: true, tokens: true });
  const few = CONCEPT.slice(0, 2);
  const [undone, before] = [
    await score(lab, reset, few, 1, SAMPLING, photos),
    await score(lab, untrained(lab), few, 1, SAMPLING, photos),
  ];
  await writeSheet(`teddy-bear-${regularisation}`, taught.pictures, 8);
  await writeSheet(`teddy-bear-${regularisation}-class`, drifted.pictures, 8);
  const row = {
    regularisation,
    settings: { ...settings },
    secondsOfTraining,
    concept: figures(taught),
    class: figures(drifted),
    resetIsBefore: isDeepStrictEqual(undone.pictures, before.pictures),
  };
  await change((results) => ({ ...results, rows: [...results.rows, row] }));
}

const results = await readResults();
await writeFile(fileURLToPath(new URL("../docs/teddy-bear.md", import.meta.url)), page(results));
for (const row of results.rows) {
  for (const { what, value, limit, good } of verdicts(results, row)) {
    const held = good ? "" : "  MISSED";
    console.log(`${row.regularisation}: ${what} ${value} (${limit})${held}`);
    if (!good) process.exitCode = 1;
  }
}

/** The new word before training: the rare word that it starts from, on the base model's weights. */
function untrained({ model }: Lab): Concept {
  const width = model.config.textWidth;
  const [id = 0] = model.initialisers;
  const row = model.embeddings.slice(id * width, (id + 1) * width);
  return {
    baseModel: model,
    train: "token",
    tokens: [{ token: TOKEN, category: "bear", row, initialRow: row }],
    kvDifference: null,
    queryOutDifference: null,
    settings: {},
    metrics: {},
  };
}

async function generated({ model, runtime }: Lab) {
  const source = new GeneratedRegularisation(model, "bear", 40);
  await source.readCache();
  return source.images(runtime, () => undefined);
}

function figures({ image, text }: { readonly image: number; readonly text: number }) {
  return { image, text };
}
