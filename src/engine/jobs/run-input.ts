/** @file What a stored run trains on: its photos, its regularisation images, and the checkpoint it goes on from. */
import { decodePng } from "../../core/image/png.ts";
import { trainingSquare } from "../../core/image/training-square.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { runFiles, type StoredRegularisation } from "../../storage/run-files.ts";
import type { RunRecord } from "../../storage/runs.ts";
import { photosOfEach, regularisationOfEach } from "../../storage/subject-files.ts";
import { type Checkpoint, decodeCheckpoint } from "../train/checkpoint.ts";
import type { Picture } from "../train/examples.ts";

/**
 * Photos of each subject.
 * @param size height and width of the model's pictures
 * @throws StudioError "storage-failed" where some are gone
 */
export async function runPhotos({ id, subjects }: RunRecord, size: number): Promise<Planes[][]> {
  const photos = photosOfEach(subjects, (await runFiles.read(id, "photos")) ?? []);
  const square = ({ png }: { readonly png: Blob }): Promise<Planes> => squareOfPng(png, size);
  return Promise.all(photos.map((own) => Promise.all(own.map(square))));
}

/**
 * Regularisation images that came with the run, of each subject.
 * @throws StudioError "storage-failed" where some are gone
 */
export async function givenRegularisation(
  { id, subjects }: RunRecord,
  size: number,
): Promise<Picture[][]> {
  const given = regularisationOfEach(subjects, (await runFiles.read(id, "regularisation")) ?? []);
  const picture = async ({ caption, png }: StoredRegularisation): Promise<Picture> => ({
    caption,
    picture: await squareOfPng(png, size),
  });
  return Promise.all(given.map((own) => Promise.all(own.map(picture))));
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
