/** @file What OPFS, the browser's private file system, says when it fails, as sentences. */
import { StudioError } from "../core/errors.ts";

/** Runs an action on OPFS; its failures come out as StudioErrors. */
export async function opfsError<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    const name = cause instanceof DOMException ? cause.name : "";
    if (name === "QuotaExceededError") throw storageFull(cause);
    if (name === "NoModificationAllowedError") {
      throw new StudioError(
        "storage-failed",
        "Another tab is using this model's files; close it and try again.",
        { cause },
      );
    }
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError(
      "storage-failed",
      `The browser's file store could not be used (${detail}); private windows may not have one. Nothing that was saved before is lost.`,
      { cause },
    );
  }
}

/** Null where there is no such file or folder; any other trouble is thrown. */
export async function orNull<T>(action: () => Promise<T>): Promise<T | null> {
  try {
    return await action();
  } catch (error) {
    const missing =
      error instanceof DOMException &&
      // A file where a folder was asked for, or the other way round, is not the one asked for either.
      (error.name === "NotFoundError" || error.name === "TypeMismatchError");
    if (missing) return null;
    throw error;
  }
}

/** Nothing more can be written; what was stored before stays. */
export function storageFull(cause?: unknown): StudioError {
  return new StudioError(
    "storage-full",
    "The browser's storage for this site is full, so the model is not here as a whole. Delete images, runs or models you no longer need, or free disk space, then go on from where it is: what was stored is kept.",
    { cause },
  );
}
