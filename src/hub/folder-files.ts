/** @file A model's files from a folder on disk, in Node. */
import { open, readFile } from "node:fs/promises";
import path from "node:path";
import type { ModelFiles } from "./model-files.ts";

export function folderFiles(folder: string): ModelFiles {
  return {
    read: (name) => orNull(() => readFile(path.join(folder, name))),
    range: (name, offset, length) =>
      orNull(async () => {
        const handle = await open(path.join(folder, name));
        try {
          const { size } = await handle.stat();
          const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
          await handle.read(bytes, 0, bytes.byteLength, offset);
          return bytes;
        } finally {
          await handle.close();
        }
      }),
  };
}

/** Null where there is no such file; any other trouble is thrown. */
async function orNull<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
