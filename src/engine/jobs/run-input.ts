/** @file What a stored run trains on: its photos, its regularisation images, and the checkpoint it goes on from. */
import { StudioError } from "../../core/errors.ts";
import { decodePng } from "../../core/image/png.ts";
import { trainingSquare } from "../../core/image/training-square.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { runFiles } from "../../storage/run-files.ts";
import type { RunRecord } from "../../storage/runs.ts";
import { type Checkpoint, decodeCheckpoint } from "../train/checkpoint.ts";
import type { Picture } from "../train/examples.ts";

/** @param size height and width of the model's pictures */
export async function runPhotos(run: RunRecord, size: number): Promise<Planes[]> {
  const photos = await runFiles.read(run.id, "photos");
  if (photos?.length !== run.photos) throw missing("photos");
  return Promise.all(photos.map(({ png }) => squareOfPng(png, size)));
}

/** Regularisation images that came with the run. */
export async function givenRegularisation(run: RunRecord, size: number): Promise<Picture[]> {
  const given = await runFiles.read(run.id, "regularisation");
  if (given === undefined) throw missing("regularisation images");
  return Promise.all(
    given.map(async ({ caption, png }) => ({ caption, picture: await squareOfPng(png, size) })),
  );
}

/** The newest checkpoint that can be read; undefined before the first. `onDamaged` hears of one that cannot. */
export async function runCheckpoint(
  run: RunRecord,
  onDamaged: (sentence: string) => void,
): Promise<Checkpoint | undefined> {
  for (const name of ["checkpoint", "previous-checkpoint"] as const) {
    const file = await runFiles.read(run.id, name);
    if (file === undefined) continue;
    try {
      return await decodeCheckpoint(new Uint8Array(await file.arrayBuffer()));
    } catch {
      onDamaged(
        name === "checkpoint"
          ? "The last checkpoint of this run is damaged; the one before is used, and up to ten steps are repeated."
          : "Both checkpoints of this run are damaged; it starts from the beginning.",
      );
    }
  }
  return undefined;
}

async function squareOfPng(png: Blob, size: number): Promise<Planes> {
  return trainingSquare(decodePng(new Uint8Array(await png.arrayBuffer())).pixels, size);
}

function missing(what: string): StudioError {
  return new StudioError(
    "storage-failed",
    `The ${what} of this run are not in the browser's storage any more; delete the run and start it again with the photos.`,
  );
}
