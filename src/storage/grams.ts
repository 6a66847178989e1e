/** @file What regularisation captions say of a model's text features: computed once a model and list, kept for the next merge. */
import { createStore, get, set, type UseStore } from "idb-keyval";
import { z } from "zod";
import type { RegularisationGram } from "../core/merge/gram.ts";
import { storageError } from "./storage-error.ts";

const stored = z.object({
  version: z.literal(1),
  width: z.number().int().positive(),
  rows: z.number().int().positive(),
  lower: z.instanceof(Float64Array),
});

let opened: UseStore | undefined;
const store = (): UseStore => (opened ??= createStore("studio-grams", "grams"));

export const grams = {
  /** @param key names model and captions; undefined where nothing that can be read is kept */
  async read(key: string): Promise<RegularisationGram | undefined> {
    const value: unknown = await storageError(() => get(key, store()));
    const parsed = stored.safeParse(value);
    if (!parsed.success || parsed.data.lower.length !== parsed.data.width ** 2) return undefined;
    const { width, rows, lower } = parsed.data;
    return { width, rows, lower };
  },
  write: (key: string, gram: RegularisationGram): Promise<void> =>
    storageError(() => set(key, { version: 1, ...gram }, store())),
};
