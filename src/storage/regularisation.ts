/** @file Regularisation images that a base model painted, kept for the next run of the same category. */
import { createStore, get, set, type UseStore } from "idb-keyval";
import { storageError } from "./storage-error.ts";

let opened: UseStore | undefined;
const store = (): UseStore => (opened ??= createStore("studio-regularisation", "images"));

export const generatedRegularisation = {
  /** @param key names model, category, way of sampling and seed */
  read: (key: string): Promise<Blob | undefined> => storageError(() => get<Blob>(key, store())),
  write: (key: string, png: Blob): Promise<void> => storageError(() => set(key, png, store())),
};
