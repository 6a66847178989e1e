/** @file What the page may ask of the hub worker, which keeps models in this browser's file store; types only. */

/** A file of a folder that a person chose. */
export interface ChosenFile {
  /** The folder's own name first: "my-model/unet/model.onnx". */
  readonly path: string;
  readonly file: Blob;
}

/** A folder that was looked at, before anything is written. */
export interface FolderReview {
  readonly name: string;
  readonly licence: string | null;
  /** Of the files that are needed. */
  readonly bytes: number;
  readonly files: number;
  /** Files of the folder that are of no use here. */
  readonly ignored: number;
  /** Whether it has no VAE encoder: such a model paints, and cannot be trained. */
  readonly paintsOnly: boolean;
  /** Bytes that an interrupted import of this folder has stored; 0 where there was none. */
  readonly stored: number;
  /** Bytes that the browser gives this site beside what it uses; null where it does not say. */
  readonly free: number | null;
}

export interface ImportProgress {
  /** Files are copied, then read back and compared with their hashes. */
  readonly stage: "copy" | "check";
  readonly path: string;
  /** Bytes of this stage. */
  readonly loaded: number;
  readonly total: number;
}

/** What takes up the site's storage. */
export type StorageKind = "models" | "images" | "concepts" | "runs" | "regularisation" | "app";

export interface StorageUse {
  /** Bytes of each kind, as far as they can be counted. */
  readonly kinds: Readonly<Record<StorageKind, number>>;
  /** Bytes that the browser counts for this site, and how many it allows; null where it does not say. */
  readonly used: number | null;
  readonly quota: number | null;
}

/** Calls reject with a StudioError. One import or check runs at a time. */
export interface HubApi {
  /** Says what of a folder would be imported, or rejects with what is wrong with it. */
  reviewFolder(files: readonly ChosenFile[]): Promise<FolderReview>;
  /** Copies a model into the store and checks it; goes on with one that was interrupted. Gives its id. */
  importFolder(
    files: readonly ChosenFile[],
    onProgress: (progress: ImportProgress) => void,
  ): Promise<string>;
  /** Reads a stored model back; gives the paths of files that are not as they were written. */
  checkModel(id: string, onProgress: (progress: ImportProgress) => void): Promise<string[]>;
  /** Asks the import or check that runs to stop soon; it rejects as "cancelled". What was copied is kept. */
  cancel(): Promise<void>;
  removeModel(id: string): Promise<void>;
  storageUse(): Promise<StorageUse>;
  /** Removes the regularisation images that were generated for training and kept for the next run. */
  clearRegularisation(): Promise<void>;
}
