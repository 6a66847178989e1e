/** @file How fast this device was on a model, as measured: what the estimate before training rests on. */
import { createStore, get, set, type UseStore } from "idb-keyval";
import { storageError } from "./storage-error.ts";

/** Milliseconds of one latent through the UNet, of one image of a training step, of one view through the VAE. */
export interface Speeds {
  readonly pass?: number;
  readonly trainedImage?: number;
  readonly view?: number;
}

let opened: UseStore | undefined;
const store = (): UseStore => (opened ??= createStore("studio-speeds", "speeds"));

export const speeds = {
  /** @param key names model, backend and threads */
  read: async (key: string): Promise<Speeds> =>
    (await storageError(() => get<Speeds>(key, store()))) ?? {},
  write: (key: string, measured: Speeds): Promise<void> =>
    storageError(() => set(key, measured, store())),
};
