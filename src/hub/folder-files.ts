/** @file A model's files from a folder on disk, in Node. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ModelFiles } from "./model-files.ts";

export function folderFiles(folder: string): ModelFiles {
  return {
    async read(path) {
      try {
        return await readFile(join(folder, path));
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
        throw error;
      }
    },
  };
}
