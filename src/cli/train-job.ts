/** @file The work of `train` under one progress: regularisation images, latents, steps, and checkpoints beside the output. */
import { existsSync } from "node:fs";
import type { CancelSignal } from "../core/cancel.ts";
import { StudioError } from "../core/errors.ts";
import type { Planes } from "../core/image/pixels.ts";
import type { TrainingChoices } from "../core/plan/choices.ts";
import type { TrainSettings } from "../core/train/settings.ts";
import { type Model, pictureSize } from "../engine/model/read-model.ts";
import type { Runtime } from "../engine/ort/runtime.ts";
import { runtimeFor } from "../engine/plan/runtime-for.ts";
import { type Checkpoint, encodeCheckpoint } from "../engine/train/checkpoint.ts";
import { type Picture, viewCount } from "../engine/train/examples.ts";
import type { NewConcept } from "../engine/train/pools.ts";
import { runTraining, type TrainingResult } from "../engine/train/run.ts";
import { writeFileAtomically } from "./files/write-file.ts";
import { Progress } from "./progress.ts";
import { folderRegularisation, GeneratedRegularisation } from "./regularisation.ts";
import type { PlannedConcept } from "./train-concepts.ts";

/** Passes of the UNet that an image of a training step is worth: one forward, one and a bit backward. */
const STEP_UNITS = 2.2;

export interface TrainJob {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly settings: TrainSettings;
  /** The plan's. */
  readonly choices: TrainingChoices;
  readonly resume: Checkpoint | undefined;
  /** Where checkpoints go. */
  readonly checkpoint: string;
  readonly signal: CancelSignal;
}

/** A concept with its photos, cut to squares of the model's size. */
export interface ConceptToTrain extends PlannedConcept {
  readonly photos: readonly Planes[];
}

/** @throws StudioError for whatever goes wrong; "cancelled" says how to go on */
export async function runTrainJob(
  job: TrainJob,
  concepts: readonly ConceptToTrain[],
): Promise<TrainingResult> {
  const { model, settings, choices, resume, checkpoint, signal } = job;
  const runtime = runtimeFor(job.runtime, choices);
  const sources: Source[] = [];
  for (const concept of concepts) sources.push(await sourceOf(model, concept));
  const sum = (of: (source: Source) => number): number =>
    sources.reduce((total, source) => total + of(source), 0);
  const missing = sum((source) => source.missing);
  const views = sum(({ concept, count }) => viewCount(concept.photos.length, count, settings));
  const stepUnits = settings.batch * STEP_UNITS;
  const done = resume === undefined ? 0 : resume.state.step + resume.state.skipped;
  const progress = new Progress(
    sum((source) => source.units) + views + (settings.steps - done) * stepUnits,
  );
  progress.say(
    [
      `${sum(({ concept }) => concept.photos.length)} photos, ${sum(({ count }) => count)} regularisation images`,
      ...(missing > 0 ? [`${missing} of them to be generated first`] : []),
      `${views} views to encode`,
      `${settings.steps - done} steps of ${settings.batch} images`,
    ].join(", "),
  );
  try {
    const trained: NewConcept[] = [];
    for (const { concept, images } of sources) {
      const { token, category, photos } = concept;
      const regularisation = await images(runtime, progress, signal);
      trained.push({ token, category, photos, regularisation });
    }
    return await runTraining(
      model,
      runtime,
      { settings, concepts: trained, resume, choices },
      {
        signal,
        onCut: (caption, cut) =>
          progress.say(`The caption "${caption}" is longer than 77 tokens; left out: "${cut}".`),
        onView: (view, total) => progress.advance(1, `view ${view} of ${total}`),
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

/** Where a concept's regularisation images come from. */
interface Source {
  readonly concept: ConceptToTrain;
  /** All of them, and those that have to be painted first. */
  readonly count: number;
  readonly missing: number;
  /** What painting these adds to the progress. */
  readonly units: number;
  readonly images: (
    runtime: Runtime,
    progress: Progress,
    signal: CancelSignal,
  ) => Promise<readonly Picture[]>;
}

async function sourceOf(model: Model, concept: ConceptToTrain): Promise<Source> {
  const plan = concept.regularisation;
  if (plan.kind !== "generate") {
    const given =
      plan.kind === "folder" ? await folderRegularisation(plan.folder, pictureSize(model)) : [];
    const images = (): Promise<readonly Picture[]> => Promise.resolve(given);
    return { concept, count: given.length, missing: 0, units: 0, images };
  }
  const generated = new GeneratedRegularisation(model, concept.category, plan.count);
  const missing = await generated.readCache();
  const { passes, steps } = generated.cost;
  return {
    concept,
    count: plan.count,
    missing,
    units: missing * passes * steps,
    images: (runtime, progress, signal) =>
      generated.images(
        runtime,
        (image) => progress.advance(passes, `regularisation image ${image} of ${missing}`),
        signal,
      ),
  };
}
