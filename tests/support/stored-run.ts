/** @file Runs of the nano model in the browser's own storage, trained by the engine's job, to the concept that comes of them. */
import { toPixels } from "../../src/core/image/convert.ts";
import type { Planes } from "../../src/core/image/pixels.ts";
import { encodePng } from "../../src/core/image/png.ts";
import type { OpenModel } from "../../src/engine/jobs/open-model.ts";
import { trainRun } from "../../src/engine/jobs/train-run.ts";
import type { MemoryBudget, TrainEvent, TrainOutcome } from "../../src/rpc/contracts.ts";
import { concepts } from "../../src/storage/concepts.ts";
import { runFiles } from "../../src/storage/run-files.ts";
import { type RunRecord, runs } from "../../src/storage/runs.ts";
import { nanoTraining } from "./nano-training.ts";

const png = (picture: Planes): Blob => new Blob([encodePng(toPixels(picture))]);

/** One subject of two photos, with two regularisation images of its own. */
export async function storedRun(
  open: OpenModel,
  changes: Partial<RunRecord> = {},
): Promise<RunRecord> {
  const { settings, concepts: taught } = nanoTraining({ steps: 13, batch: 2, microBatch: 2 });
  const { regularisation, photos } = taught[0]!;
  const id = crypto.randomUUID();
  const given = regularisation.map(({ caption, picture }) => ({ caption, png: png(picture) }));
  await runFiles.write(id, "photos", named(photos));
  await runFiles.write(id, "regularisation", given);
  const run: RunRecord = {
    version: 2,
    id,
    name: "Noise",
    createdAt: 0,
    updatedAt: 0,
    status: "ready",
    model: { id: "nano", fingerprint: open.model.fingerprint },
    subjects: [
      {
        token: "<new1>",
        category: "bear",
        photos: photos.length,
        regularisation: { kind: "given", count: given.length, from: "a test" },
      },
    ],
    settings,
    previews: { prompts: ["photo of a <new1> bear"], every: 0, seed: 1 },
    step: 0,
    error: null,
    conceptId: null,
    ...changes,
  };
  await runs.put(run);
  return run;
}

/** The same subject together with another, of three photos, whose regularisation images the model paints. */
export async function storedJointRun(
  open: OpenModel,
  originals: readonly [string, string],
): Promise<RunRecord> {
  const run = await storedRun(open);
  const { photos, regularisation } = nanoTraining().concepts[0]!;
  const others = [regularisation[0]!.picture, photos[1]!, regularisation[1]!.picture];
  await runFiles.write(run.id, "photos", named([...photos, ...others]));
  const joint: RunRecord = {
    ...run,
    name: "Both",
    settings: { ...run.settings, steps: 6, batch: 4 },
    subjects: [
      { ...run.subjects[0]!, original: originals[0] },
      {
        token: "<new2>",
        category: "dog",
        photos: others.length,
        regularisation: { kind: "generate", count: 2 },
        original: originals[1],
      },
    ],
  };
  await runs.put(joint);
  return joint;
}

/** Trains; asks for a stop once `stopAt` steps are done. */
export async function trainStored(
  open: OpenModel,
  id: string,
  stopAt = Infinity,
  memory: MemoryBudget = null,
): Promise<{ outcome: TrainOutcome; events: TrainEvent[] }> {
  const stop = new AbortController();
  const events: TrainEvent[] = [];
  let steps = 0;
  const outcome = await trainRun(open, { runId: id, memory }, (event) => events.push(event), {
    signal: stop.signal,
    wantsCheckpoint: () => {
      steps++;
      if (steps >= stopAt) stop.abort();
      return false;
    },
  });
  return { outcome, events };
}

/** The file of the concept that a run has come to. */
export async function conceptBytes(outcome: TrainOutcome): Promise<Uint8Array> {
  if (outcome.kind !== "finished") throw new Error("the run did not finish");
  const record = await concepts.get(outcome.conceptId);
  return new Uint8Array(await record!.file.arrayBuffer());
}

function named(photos: readonly Planes[]): { name: string; png: Blob }[] {
  return photos.map((photo, i) => ({ name: `${i}.png`, png: png(photo) }));
}
