/** @file What the page may ask of the hub worker, which keeps models in this browser's file store; types only. */
import type { ModelAddress } from "../core/model-address.ts";
import type { ModelFacts } from "../core/model-facts.ts";

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

/** A model on a server that speaks Hugging Face's API. */
export interface RemoteRequest {
  readonly address: ModelAddress;
  /** Sent to that server, and kept nowhere. */
  readonly token: string | null;
}

/** A repository that was looked at: small files were read, nothing is written. */
export interface RemoteReview {
  /** The repository: "owner/name". */
  readonly name: string;
  readonly licence: string | null;
  /** Whether people have to accept something before they get it. */
  readonly gated: boolean;
  /** What the revision stands for now. */
  readonly commit: string;
  /** In the order in which they are downloaded. */
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  readonly bytes: number;
  readonly ignored: number;
  /** Bytes that an interrupted download has stored. */
  readonly stored: number;
  readonly free: number | null;
  readonly facts: ModelFacts;
}

export interface ImportProgress {
  /** Files are copied or downloaded, then read back and compared with their hashes. */
  readonly stage: "copy" | "download" | "check";
  readonly path: string;
  /** Bytes of this stage. */
  readonly loaded: number;
  readonly total: number;
  /** Of a download. */
  readonly download?: {
    readonly fileLoaded: number;
    readonly fileTotal: number;
    /** Of `loaded`, the bytes that were here from before. */
    readonly kept: number;
    /** The connection broke off and will be tried again. */
    readonly waiting: boolean;
  };
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
  /** Says what of a repository would be downloaded, or rejects with what is in the way. */
  reviewRemote(request: RemoteRequest): Promise<RemoteReview>;
  /** Downloads a model into the store and checks it; goes on with one that was interrupted. Gives its id. */
  downloadModel(
    request: RemoteRequest,
    onProgress: (progress: ImportProgress) => void,
  ): Promise<string>;
  /** Reads a stored model back; gives the paths of files that are not as they were written. */
  checkModel(id: string, onProgress: (progress: ImportProgress) => void): Promise<string[]>;
  /** Asks the look at a repository that runs to stop; it rejects as "cancelled". */
  stopLooking(): Promise<void>;
  /** Asks the import, download or check that runs to stop soon; it rejects as "cancelled". What was stored is kept. */
  cancel(): Promise<void>;
  removeModel(id: string): Promise<void>;
  storageUse(): Promise<StorageUse>;
  /** Removes the regularisation images that were generated for training and kept for the next run. */
  clearRegularisation(): Promise<void>;
}
