/** @file The files of a run that teaches several things: one list in the order of its subjects, cut into a list for each. */
import { StudioError } from "../core/errors.ts";
import type { StoredPhoto, StoredRegularisation } from "./run-files.ts";
import type { RunSubject } from "./runs.ts";

/**
 * The photos of each subject.
 * @throws StudioError "storage-failed" where they are not as many as the run was stored with
 */
export function photosOfEach(
  subjects: readonly RunSubject[],
  photos: readonly StoredPhoto[],
): StoredPhoto[][] {
  return ofEach(
    photos,
    subjects.map((subject) => subject.photos),
    "photos",
  );
}

/**
 * The regularisation pictures that each subject was given; none where the model paints them, or there are none.
 * @throws StudioError "storage-failed" where they are not as many as the run was stored with
 */
export function regularisationOfEach(
  subjects: readonly Pick<RunSubject, "regularisation">[],
  given: readonly StoredRegularisation[],
): StoredRegularisation[][] {
  const counts = subjects.map(({ regularisation }) =>
    regularisation.kind === "given" ? regularisation.count : 0,
  );
  return ofEach(given, counts, "regularisation images");
}

function ofEach<T>(files: readonly T[], counts: readonly number[], what: string): T[][] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (files.length !== total) {
    throw new StudioError(
      "storage-failed",
      `The ${what} of this run are not in the browser's storage any more; delete the run and start it again with the photos.`,
    );
  }
  let end = 0;
  return counts.map((count) => files.slice(end, (end += count)));
}
