/** @file Records of one kind in an IndexedDB database of their own: checked on the way out, migrated where they are old. */
import { createStore, del, entries, get, keys, set, update, type UseStore } from "idb-keyval";
import type { z } from "zod";
import { StudioError } from "../core/errors.ts";
import { storageError } from "./storage-error.ts";

export interface RepositoryOptions<T> {
  /** Names the database: "studio-concepts". */
  readonly name: string;
  /** What a record of the current version looks like. */
  readonly schema: z.ZodType<T>;
  /** Turns a record of any older version into one of the current version. */
  readonly migrate: (record: unknown) => unknown;
}

/** Records by id. Every call rejects with a StudioError "storage-failed" or "storage-full". */
export interface Repository<T> {
  /** Undefined where there is none. */
  get(id: string): Promise<T | undefined>;
  /** All records that can be read; those that cannot are left alone, and counted. */
  list(): Promise<{ readonly records: T[]; readonly unreadable: number }>;
  put(record: T): Promise<void>;
  /** Changes a record in one transaction; nothing happens where there is none. */
  update(id: string, change: (record: T) => T): Promise<void>;
  remove(id: string): Promise<void>;
  ids(): Promise<string[]>;
}

export function createRepository<T extends { readonly id: string }>({
  name,
  schema,
  migrate,
}: RepositoryOptions<T>): Repository<T> {
  let opened: UseStore | undefined;
  // Opened with the first call: a page that cannot store says so where something is stored, not when it starts.
  const store = (): UseStore => (opened ??= createStore(name, "records"));
  const read = (value: unknown): T | undefined => {
    const parsed = schema.safeParse(migrate(value));
    return parsed.success ? parsed.data : undefined;
  };
  const unreadable = (id: string): StudioError =>
    new StudioError(
      "storage-failed",
      `The record "${id}" in ${name} was written by another version of the studio and cannot be read; it is left as it is.`,
    );
  return {
    get: (id) =>
      storageError(async () => {
        const value: unknown = await get(id, store());
        if (value === undefined) return undefined;
        const record = read(value);
        if (record === undefined) throw unreadable(id);
        return record;
      }),
    list: () =>
      storageError(async () => {
        const all: [IDBValidKey, unknown][] = await entries(store());
        const records = all.map(([, value]) => read(value));
        const good = records.filter((record) => record !== undefined);
        return { records: good, unreadable: records.length - good.length };
      }),
    put: (record) => storageError(() => set(record.id, record, store())),
    update: (id, change) =>
      storageError(async () => {
        if ((await get(id, store())) === undefined) return;
        await update<unknown>(
          id,
          (value) => {
            const record = read(value);
            if (record === undefined) throw unreadable(id);
            return change(record);
          },
          store(),
        );
      }),
    remove: (id) => storageError(() => del(id, store())),
    ids: () => storageError(async () => (await keys<string>(store())).map(String)),
  };
}
