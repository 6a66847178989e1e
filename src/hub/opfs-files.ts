/** @file A model's files in OPFS, the browser's private file system, below models/ID/. */
import { StudioError } from "../core/errors.ts";
import { CHUNK_BYTES } from "../core/stored-file.ts";
import type { ModelFiles } from "./model-files.ts";
import { opfsError, orNull } from "./opfs-error.ts";

const MODELS = "models";

/** Opens the file at a path inside the model's folder. */
export async function openFile(
  id: string,
  path: string,
  options: { readonly create: boolean },
): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  const folders = [MODELS, id, ...path.split("/")];
  const name = folders.pop() ?? "";
  let folder = root;
  for (const part of folders) folder = await folder.getDirectoryHandle(part, options);
  return folder.getFileHandle(name, options);
}

/** Removes a model's folder with all that is in it, or one file; nothing happens where there is none. */
export function removeFromOpfs(id: string, path?: string): Promise<void> {
  return opfsError(async () => {
    const folders = [MODELS, id, ...(path?.split("/") ?? [])];
    const name = folders.pop() ?? "";
    await orNull(async () => {
      let folder = await navigator.storage.getDirectory();
      for (const part of folders) folder = await folder.getDirectoryHandle(part);
      await folder.removeEntry(name, { recursive: true });
    });
  });
}

/** The files of a stored model, which do not change while it is ready. */
export function opfsFiles(id: string): ModelFiles {
  // A File is a view of what is on disk; only what is read of it enters the heap.
  const files = new Map<string, Promise<File | null>>();
  const fileOf = (path: string): Promise<File | null> => {
    const known =
      files.get(path) ??
      opfsError(() => orNull(async () => (await openFile(id, path, { create: false })).getFile()));
    files.set(path, known);
    return known;
  };
  return {
    async read(path, onBytes) {
      const file = await fileOf(path);
      if (file === null) return null;
      const bytes = new Uint8Array(file.size);
      for (let at = 0; at < file.size; at += CHUNK_BYTES) {
        bytes.set(await slice(file, path, at, CHUNK_BYTES), at);
        onBytes?.(Math.min(at + CHUNK_BYTES, file.size), file.size);
      }
      return bytes;
    },
    async range(path, offset, length) {
      const file = await fileOf(path);
      return file === null ? null : slice(file, path, offset, length);
    },
  };
}

async function slice(
  file: File,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
  } catch (cause) {
    throw new StudioError(
      "model-corrupt",
      `"${path}" of the stored model can no longer be read; check its files on the page Models, or import it again.`,
      { cause },
    );
  }
}
