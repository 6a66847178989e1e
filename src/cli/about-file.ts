/** @file Errors of what was read from a file, with the file's name ahead of them. */
import { StudioError } from "../core/errors.ts";

/** What `read` gives; where it refuses, the sentence begins with the file. */
export function aboutFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    throw new StudioError(error.code, `"${file}": ${error.message}`, { cause: error });
  }
}
