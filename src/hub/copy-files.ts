/**
 * @file Copies files into OPFS in chunks, each with its SHA-256, so that an interrupted copy goes on where it was and
 * what is stored can be checked at any time.
 */
import { type CancelSignal, throwIfAborted } from "../core/cancel.ts";
import { CHUNK_BYTES, type StoredFile } from "../core/stored-file.ts";
import { unreadable } from "./model-source.ts";
import { opfsError, orNull, storageFull } from "./opfs-error.ts";
import { openFile } from "./opfs-files.ts";
import { sha256 } from "./sha256.ts";

export type OnBytes = (path: string, loaded: number, total: number) => void;

export interface CopyOptions {
  /** Chunks that an earlier copy has stored; those that still match the source are not written again. */
  readonly known: readonly StoredFile[];
  /** Called with all files whenever a chunk more is stored. */
  readonly save: (files: readonly StoredFile[]) => Promise<void>;
  readonly onBytes: OnBytes;
  readonly signal: CancelSignal;
}

/** Copies all files; runs in a worker, where files can be written in place. */
export async function copyFiles(
  id: string,
  sources: readonly { readonly path: string; readonly blob: Blob }[],
  { known, save, onBytes, signal }: CopyOptions,
): Promise<readonly StoredFile[]> {
  const total = sources.reduce((sum, { blob }) => sum + blob.size, 0);
  const files = sources.map(({ path, blob }): StoredFile => {
    const before = known.find((file) => file.path === path && file.bytes === blob.size);
    return { path, bytes: blob.size, chunks: [...(before?.chunks ?? [])] };
  });
  await save(files);
  let loaded = 0;
  for (const [i, { path, blob }] of sources.entries()) {
    const chunks = files[i]?.chunks ?? [];
    await withHandle(id, path, async (handle) => {
      for (let at = 0, n = 0; at < blob.size; at += CHUNK_BYTES, n++) {
        throwIfAborted(signal);
        const bytes = await readChunk(blob, path, at, CHUNK_BYTES);
        const digest = await sha256(bytes);
        const isStored = chunks[n] === digest && handle.getSize() >= at + bytes.byteLength;
        if (!isStored) {
          writeAll(handle, bytes, at);
          chunks.splice(n, Infinity, digest);
          await save(files);
        }
        loaded += bytes.byteLength;
        onBytes(path, loaded, total);
      }
      // Whatever an earlier, longer file of this name has left.
      handle.truncate(blob.size);
    });
  }
  return files;
}

/**
 * Reads stored files back and compares them with their hashes.
 * @returns the files with the chunks that are good, from the beginning: a whole file keeps all of its own
 */
export async function verifyFiles(
  id: string,
  files: readonly StoredFile[],
  { onBytes, signal }: Pick<CopyOptions, "onBytes" | "signal">,
): Promise<readonly StoredFile[]> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let before = 0;
  const checked: StoredFile[] = [];
  for (const { path, bytes, chunks } of files) {
    const file = await opfsError(() =>
      orNull(async () => (await openFile(id, path, { create: false })).getFile()),
    );
    const good: string[] = [];
    if (file?.size === bytes) {
      for (const [n, digest] of chunks.entries()) {
        throwIfAborted(signal);
        const at = n * CHUNK_BYTES;
        const stored = await file
          .slice(at, at + CHUNK_BYTES)
          .arrayBuffer()
          .catch(() => null);
        if (stored === null || (await sha256(new Uint8Array(stored))) !== digest) break;
        good.push(digest);
        onBytes(path, before + Math.min(at + CHUNK_BYTES, bytes), total);
      }
    }
    before += bytes;
    onBytes(path, before, total);
    checked.push({ path, bytes, chunks: good });
  }
  return checked;
}

async function withHandle<T>(
  id: string,
  path: string,
  action: (handle: FileSystemSyncAccessHandle) => Promise<T>,
): Promise<T> {
  return opfsError(async () => {
    const file = await openFile(id, path, { create: true });
    const handle = await file.createSyncAccessHandle();
    try {
      return await action(handle);
    } finally {
      handle.close();
    }
  });
}

/** Flushed before its hash is kept: a hash says that the bytes are on disk. */
export function writeAll(
  handle: FileSystemSyncAccessHandle,
  bytes: Uint8Array<ArrayBuffer>,
  at: number,
): void {
  // Where there is no room Chromium throws nothing: it answers -8, as an unsigned number.
  if (handle.write(bytes, { at }) !== bytes.byteLength) throw storageFull();
  handle.flush();
}

async function readChunk(
  blob: Blob,
  path: string,
  at: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.slice(at, at + length).arrayBuffer());
  } catch (cause) {
    throw unreadable(path, cause);
  }
}
