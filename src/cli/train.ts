/** @file `train`: photos of a thing in, a concept file out. */
import { readFile, rm } from "node:fs/promises";
import { StudioError } from "../core/errors.ts";
import { encodeConcept } from "../core/concept/concept-file.ts";
import { trainingSquare } from "../core/image/training-square.ts";
import { checkCategory, knowsCategory } from "../core/text/modifier-tokens.ts";
import { planSentence } from "../core/plan/plan-text.ts";
import { checkSettings, defaultSettings } from "../core/train/settings.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import { pictureSize } from "../engine/model/read-model.ts";
import { planRun, refuseUnfit } from "../engine/plan/plan-run.ts";
import { inPrecision } from "../engine/precision.ts";
import { type Checkpoint, decodeCheckpoint } from "../engine/train/checkpoint.ts";
import { openRuntime } from "./backend.ts";
import { checkConceptOut } from "./concept-out.ts";
import { readPhotos } from "./files/photos.ts";
import { checkWritable, writeFileAtomically } from "./files/write-file.ts";
import { memoryOption } from "./memory-option.ts";
import { stopOnInterrupt } from "./interrupt.ts";
import { DEFAULT_MODEL, openModelOption } from "./model.ts";
import {
  BACKENDS,
  choiceOption,
  precisionOption,
  type Raw,
  requiredOption,
  textOption,
  withOption,
  withoutOption,
} from "./options.ts";
import { duration } from "./progress.ts";
import { plannedConcepts } from "./train-concepts.ts";
import { type ConceptToTrain, runTrainJob } from "./train-job.ts";
import { settingsOf } from "./train-settings.ts";

export type TrainOptions = Readonly<Record<string, Raw>>;

/** @throws StudioError for whatever is wrong with options, files or the run */
export async function train(options: TrainOptions): Promise<void> {
  const planned = plannedConcepts(options);
  const out = requiredOption("out", options["out"], "name the concept file to write");
  const backend = choiceOption("backend", options["backend"], BACKENDS, "auto");
  const precision = precisionOption(options["precision"]);
  const budget = memoryOption(options["memory"]);
  const optimisations = withOption(options["with"], withoutOption(options["without"]));
  checkConceptOut(out);

  const model = await openModelOption(
    textOption("model", options["model"]) ?? DEFAULT_MODEL,
    optimisations,
  );
  const settings = settingsOf(options, defaultSettings(model.config.textWidth));
  checkSettings(settings);
  for (const { category } of planned) {
    checkCategory(model.tokenizer, category);
    if (knowsCategory(model.tokenizer, category)) continue;
    console.error(
      `The model may not know "${category}": it reads it in pieces. A more common word works better.`,
    );
  }
  await checkWritable(out);
  const size = pictureSize(model);
  const concepts: ConceptToTrain[] = [];
  for (const concept of planned) {
    const photos = await readPhotos(concept.images, (warning) => console.error(warning));
    concepts.push({ ...concept, photos: photos.map(({ pixels }) => trainingSquare(pixels, size)) });
  }
  const checkpoint = `${out}.checkpoint`;
  const resume = options["resume"] === true ? await readCheckpoint(checkpoint) : undefined;

  const { runtime, reason, release } = await openRuntime(backend, optimisations);
  console.error(reason);
  if (optimisations.has("gpu-half-products") && !runtime.device?.features.has("shader-f16")) {
    console.error("There is no float16 to compute with here: gpu-half-products changes nothing.");
  }
  try {
    if (precision !== "auto") inPrecision(runtime, precision);
    const plan = await planRun(model, runtime, settings, { budget, precision, previews: false });
    refuseUnfit(plan);
    console.error(planSentence(plan));
    const { choices } = plan;
    const stop = stopOnInterrupt();
    const start = performance.now();
    const files = { resume, checkpoint };
    const job = { model, runtime, settings, choices, ...files, signal: stop.signal };
    const result = await runTrainJob(job, concepts).finally(stop.forget);
    const bytes = encodeConcept(
      result.concept,
      conceptLayout(model, settings.train === "crossattn"),
    );
    await writeFileAtomically(out, bytes);
    await rm(checkpoint, { force: true });
    const seconds = (performance.now() - start) / 1000;
    if (options["json"] === true) {
      const { settings: used, metrics } = result.concept;
      const losses = Array.from({ length: result.history.length / 2 }, (_, i) => [
        result.history[2 * i],
        result.history[2 * i + 1],
      ]);
      const words = concepts.map(({ token, category }) => ({ token, category }));
      const file = { out, bytes: bytes.byteLength, ...words[0], concepts: words, model: model.id };
      console.log(
        JSON.stringify({
          ...file,
          backend: runtime.backend,
          plan: { ...choices, peak: plan.peak },
          seconds,
          settings: used,
          metrics,
          losses,
        }),
      );
    } else {
      const { skipped } = result.concept.metrics;
      if (typeof skipped === "number") {
        console.error(`${skipped} steps were left out: their gradients were not finite.`);
      }
      console.log(`${out}: ${(bytes.byteLength / 1e6).toFixed(1)} MB, in ${duration(seconds)}`);
    }
  } finally {
    release();
  }
}

async function readCheckpoint(file: string): Promise<Checkpoint | undefined> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new StudioError(
      "invalid-input",
      `There is no checkpoint "${file}" to resume from; leave --resume out to start.`,
      { cause },
    );
  });
  return decodeCheckpoint(bytes);
}
