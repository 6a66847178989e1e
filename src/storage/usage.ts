/** @file What takes up this site's storage, by kind, as far as it can be counted. */
import { clear, createStore, values } from "idb-keyval";
import { storageError } from "./storage-error.ts";

/** Database and object store of each kind that IndexedDB keeps. */
const STORES = {
  images: [["studio-images", "records"]],
  concepts: [["studio-concepts", "records"]],
  runs: [
    ["studio-runs", "records"],
    ["studio-run-files", "files"],
  ],
  regularisation: [["studio-regularisation", "images"]],
} as const;

export type DatabaseKind = keyof typeof STORES;

/** Bytes of the blobs, arrays and texts of one kind; what the browser adds around them is not counted. */
export async function databaseBytes(kind: DatabaseKind): Promise<number> {
  let bytes = 0;
  for (const [database, store] of STORES[kind]) {
    const all = await storageError(() => values<unknown>(createStore(database, store)));
    bytes += byteSize(all);
  }
  return bytes;
}

/** Removes the regularisation images that were generated and kept for the next run. */
export async function clearGeneratedRegularisation(): Promise<void> {
  for (const [database, store] of STORES.regularisation) {
    await storageError(() => clear(createStore(database, store)));
  }
}

/** Bytes that the service worker keeps of the app, so that it opens with no network. */
export async function cachedAppBytes(): Promise<number> {
  // Only secure pages have it.
  if (!("caches" in globalThis)) return 0;
  return storageError(async () => {
    let bytes = 0;
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) {
        const response = await cache.match(request);
        bytes += (await response?.blob())?.size ?? 0;
      }
    }
    return bytes;
  });
}

/** What the browser counts and allows for this site; null where it does not say. */
export async function storageEstimate(): Promise<{
  readonly used: number | null;
  readonly quota: number | null;
}> {
  const estimate = await navigator.storage.estimate().catch(() => null);
  return { used: estimate?.usage ?? null, quota: estimate?.quota ?? null };
}

/** Bytes of a stored value: of blobs, arrays and texts, however deep they lie. */
export function byteSize(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value === "number") return 8;
  if (typeof value !== "object" || value === null) return 1;
  if (value instanceof Blob) return value.size;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength;
  const parts: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return parts.reduce<number>((sum, part) => sum + byteSize(part), 0);
}
