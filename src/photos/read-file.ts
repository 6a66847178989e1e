/** @file The bytes of a file that a person chose. */
import { StudioError } from "../core/errors.ts";

const MOST_BYTES = 100e6;

/** @throws StudioError "invalid-input" naming the file: it is empty, too large, or cannot be read */
export async function readFile(file: Blob, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const refuse = (sentence: string, cause?: unknown): never => {
    throw new StudioError("invalid-input", `"${name}" ${sentence}`, { cause });
  };
  if (file.size === 0) refuse("is empty; use another copy of it.");
  if (file.size > MOST_BYTES) {
    refuse(
      `holds ${Math.round(file.size / 1e6)} MB, too much for a photo; ${MOST_BYTES / 1e6} MB are read at most.`,
    );
  }
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    return refuse("cannot be read; it was moved or changed, so choose it again.", cause);
  }
}

export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
