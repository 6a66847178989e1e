/** @file What the browser's storage says when it fails, as sentences. */
import { StudioError } from "../core/errors.ts";

/** Runs an action on the browser's storage; its failures come out as StudioErrors. */
export async function storageError<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    if (cause instanceof DOMException && cause.name === "QuotaExceededError") {
      throw new StudioError(
        "storage-full",
        "The browser's storage for this site is full, so this was not saved; delete images, runs or models you no longer need, or free disk space, and try again.",
        { cause },
      );
    }
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError(
      "storage-failed",
      `The browser's storage could not be used (${detail}); private windows may not allow it. Nothing that was saved before is lost.`,
      { cause },
    );
  }
}
