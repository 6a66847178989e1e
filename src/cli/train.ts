/** @file `train`: photos of a thing in, a concept file out. */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import type { CancelSignal } from "../core/cancel.ts";
import { StudioError } from "../core/errors.ts";
import { encodeConcept } from "../core/concept/concept-file.ts";
import { trainingSquare } from "../core/image/training-square.ts";
import { checkCategory, checkModifierToken, knowsCategory } from "../core/text/modifier-tokens.ts";
import { type Model, pictureSize } from "../engine/model/read-model.ts";
import { conceptLayout } from "../engine/model/concept-layout.ts";
import type { Runtime } from "../engine/ort/runtime.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../engine/train/checkpoint.ts";
import { viewCount, type Picture } from "../engine/train/examples.ts";
import { runTraining, type TrainingResult } from "../engine/train/run.ts";
import { checkSettings, defaultSettings, type TrainSettings } from "../core/train/settings.ts";
import { openRuntime } from "./backend.ts";
import { readPhotos } from "./files/photos.ts";
import { checkWritable, writeFileAtomically } from "./files/write-file.ts";
import { DEFAULT_MODEL, openModelOption } from "./model.ts";
import { BACKENDS, choiceOption, type Raw, requiredOption, textOption } from "./options.ts";
import { duration, Progress } from "./progress.ts";
import { settingsOf } from "./train-settings.ts";
import {
  folderRegularisation,
  GeneratedRegularisation,
  parseRegularisation,
  type RegularisationPlan,
} from "./regularisation.ts";

export type TrainOptions = Readonly<Record<string, Raw>>;

/** Passes of the UNet that an image of a training step is worth: one forward, one and a bit backward. */
const STEP_UNITS = 2.2;

/** @throws StudioError for whatever is wrong with options, files or the run */
export async function train(options: TrainOptions): Promise<void> {
  const folder = requiredOption("images", options["images"], "name the folder of photos");
  const category = requiredOption("category", options["category"], 'say what it is, like "bear"');
  const out = requiredOption("out", options["out"], "name the concept file to write");
  const token = textOption("token", options["token"]) ?? "<new1>";
  const plan = parseRegularisation(textOption("reg", options["reg"]) ?? "generate");
  const backend = choiceOption("backend", options["backend"], BACKENDS, "auto");
  checkModifierToken(token);
  checkOutput(out);

  const model = await openModelOption(textOption("model", options["model"]) ?? DEFAULT_MODEL);
  const settings = settingsOf(options, defaultSettings(model.config.textWidth));
  checkSettings(settings);
  checkCategory(model.tokenizer, category);
  if (!knowsCategory(model.tokenizer, category)) {
    console.error(
      `The model may not know "${category}": it reads it in pieces. A more common word works better.`,
    );
  }
  await checkWritable(out);
  const photos = await readPhotos(folder, (warning) => console.error(warning));
  const checkpoint = `${out}.checkpoint`;
  const resume = options["resume"] === true ? await readCheckpoint(checkpoint) : undefined;

  const { runtime, reason, release } = await openRuntime(backend);
  console.error(reason);
  try {
    const stop = stopOnInterrupt();
    const start = performance.now();
    const size = pictureSize(model);
    const job: Job = { model, runtime, settings, resume, checkpoint, signal: stop.signal };
    const concepts = [
      { token, category, photos: photos.map(({ pixels }) => trainingSquare(pixels, size)) },
    ];
    const result = await runJob(job, concepts, plan).finally(stop.forget);
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
      const file = { out, bytes: bytes.byteLength, token, category, model: model.id };
      console.log(
        JSON.stringify({
          ...file,
          backend: runtime.backend,
          seconds,
          settings: used,
          metrics,
          losses,
        }),
      );
    } else {
      console.log(`${out}: ${(bytes.byteLength / 1e6).toFixed(1)} MB, in ${duration(seconds)}`);
    }
  } finally {
    release();
  }
}

interface Job {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly settings: TrainSettings;
  readonly resume: Checkpoint | undefined;
  /** Where checkpoints go. */
  readonly checkpoint: string;
  readonly signal: CancelSignal;
}

/** Regularisation images, latents and steps, under one progress. */
async function runJob(
  { model, runtime, settings, resume, checkpoint, signal }: Job,
  concepts: Parameters<typeof runTraining>[2]["concepts"],
  plan: RegularisationPlan,
): Promise<TrainingResult> {
  const [concept] = concepts;
  const generated =
    plan.kind === "generate" && concept !== undefined
      ? new GeneratedRegularisation(model, concept.category, plan.count)
      : null;
  const missing = (await generated?.readCache()) ?? 0;
  const given =
    plan.kind === "folder" ? await folderRegularisation(plan.folder, pictureSize(model)) : [];
  const regularisations = plan.kind === "generate" ? plan.count : given.length;
  const photos = concepts.reduce((sum, { photos: own }) => sum + own.length, 0);
  const views = viewCount(photos, regularisations, settings);
  const cost = generated?.cost ?? { passes: 0, steps: 0 };
  const generationUnits = missing * cost.passes * cost.steps;
  const steps =
    settings.steps - (resume === undefined ? 0 : resume.state.step + resume.state.skipped);
  const stepUnits = settings.batch * STEP_UNITS;
  const progress = new Progress(generationUnits + views + steps * stepUnits);
  progress.say(
    [
      `${photos} photos, ${regularisations} regularisation images`,
      ...(missing > 0 ? [`${missing} of them to be generated first`] : []),
      `${views} views to encode`,
      `${steps} steps of ${settings.batch} images`,
    ].join(", "),
  );
  const regularisation: readonly Picture[] =
    generated === null
      ? given
      : await generated.images(
          runtime,
          (image) => {
            progress.advance(cost.passes, `regularisation image ${image} of ${missing}`);
          },
          signal,
        );
  try {
    return await runTraining(
      model,
      runtime,
      { settings, concepts, regularisation, resume },
      {
        signal,
        onCut: (caption, cut) =>
          progress.say(`The caption "${caption}" is longer than 77 tokens; left out: "${cut}".`),
        onView: (done, total) => progress.advance(1, `view ${done} of ${total}`),
        onStep: ({ step, targetLoss, regularisationLoss, skipped }) => {
          const losses = Number.isNaN(regularisationLoss)
            ? targetLoss.toFixed(4)
            : `${targetLoss.toFixed(4)} target, ${regularisationLoss.toFixed(4)} regularisation`;
          const note = skipped ? ", left out (gradient not finite)" : "";
          progress.advance(stepUnits, `step ${step} of ${settings.steps}, loss ${losses}${note}`);
        },
        onCheckpoint: async (state) =>
          writeFileAtomically(checkpoint, await encodeCheckpoint(state)),
      },
    );
  } catch (error) {
    if (!(error instanceof StudioError) || error.code !== "cancelled") throw error;
    const hint = existsSync(checkpoint)
      ? `; the same command with --resume goes on from "${checkpoint}"`
      : "";
    throw new StudioError("cancelled", `Stopped on request${hint}.`, { cause: error });
  } finally {
    progress.end();
  }
}

function checkOutput(out: string): void {
  if (out.endsWith(".safetensors")) return;
  throw new StudioError(
    "invalid-input",
    `--out should end in .concept.safetensors, not "${out}": that is what a concept file is.`,
  );
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

/** The first Ctrl-C stops after the step that runs, and keeps a checkpoint; the second ends the process. */
function stopOnInterrupt(): { readonly signal: CancelSignal; readonly forget: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => controller.abort();
  process.once("SIGINT", onSignal);
  process.once("SIGTERM", onSignal);
  return {
    signal: controller.signal,
    forget: () => {
      process.off("SIGINT", onSignal);
      process.off("SIGTERM", onSignal);
    },
  };
}
