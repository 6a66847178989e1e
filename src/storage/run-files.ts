/** @file What belongs to a training run and is too large for its record: photos, checkpoint, losses, previews. */
import {
  createStore,
  del,
  delMany,
  get,
  getMany,
  keys,
  set,
  setMany,
  type UseStore,
} from "idb-keyval";
import { storageError } from "./storage-error.ts";

/** A picture to train on: a PNG of its square, at most three times the model's size a side. */
export interface StoredPhoto {
  readonly name: string;
  readonly png: Blob;
}

export interface StoredRegularisation {
  readonly caption: string;
  readonly png: Blob;
}

export interface StoredPreview {
  readonly step: number;
  readonly prompt: string;
  readonly png: Blob;
}

interface Files {
  /** Of all subjects, one subject's after the other's; subject-files takes them apart. */
  readonly photos: readonly StoredPhoto[];
  /** Likewise. */
  readonly regularisation: readonly StoredRegularisation[];
  readonly checkpoint: Blob;
  /** The checkpoint before, should the newest turn out to be damaged. */
  readonly "previous-checkpoint": Blob;
  /** Target and regularisation loss of each step [n, 2]. */
  readonly history: Float32Array;
}

let opened: UseStore | undefined;
const store = (): UseStore => (opened ??= createStore("studio-run-files", "files"));
const previewPrefix = (run: string): string => `${run}/preview/`;

export const runFiles = {
  read: <K extends keyof Files>(run: string, file: K): Promise<Files[K] | undefined> =>
    storageError(() => get<Files[K]>(`${run}/${file}`, store())),

  write: <K extends "photos" | "regularisation">(
    run: string,
    file: K,
    value: Files[K],
  ): Promise<void> => storageError(() => set(`${run}/${file}`, value, store())),

  /** Checkpoint and losses in one transaction; the checkpoint before is kept. */
  writeCheckpoint: (run: string, checkpoint: Blob, history: Float32Array): Promise<void> =>
    storageError(async () => {
      const before = await get<Blob>(`${run}/checkpoint`, store());
      const files: [string, Blob | Float32Array][] = [
        [`${run}/checkpoint`, checkpoint],
        [`${run}/history`, history],
      ];
      if (before !== undefined) files.push([`${run}/previous-checkpoint`, before]);
      await setMany(files, store());
    }),

  writeHistory: (run: string, history: Float32Array): Promise<void> =>
    storageError(() => set(`${run}/history`, history, store())),

  /** Previews in the order of their steps. */
  previews: (run: string): Promise<StoredPreview[]> =>
    storageError(async () => {
      const all = await keys<string>(store());
      const own = all.filter((key) => key.startsWith(previewPrefix(run))).sort();
      return (await getMany<StoredPreview>(own, store())).filter((value) => value !== undefined);
    }),

  addPreview: (run: string, index: number, preview: StoredPreview): Promise<void> =>
    storageError(() => {
      const step = String(preview.step).padStart(6, "0");
      return set(`${previewPrefix(run)}${step}/${index}`, preview, store());
    }),

  /** Everything of a run, or what only going on needs of a run that has finished. */
  remove: (run: string, what: "everything" | "checkpoints"): Promise<void> =>
    storageError(async () => {
      if (what === "checkpoints") {
        await delMany([`${run}/checkpoint`, `${run}/previous-checkpoint`], store());
        return;
      }
      const all = await keys<string>(store());
      for (const key of all) if (key.startsWith(`${run}/`)) await del(key, store());
    }),
};
