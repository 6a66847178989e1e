/** @file Files that are written whole or not at all. */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { constants } from "node:os";
import path from "node:path";
import { StudioError } from "../../core/errors.ts";

/**
 * Writes beside the file and renames when all bytes are on the disk; where that fails, what was there before is still
 * there, and nothing else.
 *
 * @throws StudioError "invalid-input" saying why the file could not be written
 */
export async function writeFileAtomically(file: string, bytes: Uint8Array | string): Promise<void> {
  await requireReplaceable(file);
  const partial = partialBeside(file);
  try {
    await writeSynced(partial, bytes);
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw writeError(file, cause);
  }
}

/** A hidden name that nothing else has, on the same disk, so that it can be renamed. */
export function partialBeside(target: string): string {
  return path.join(path.dirname(target), `.${randomUUID()}.partial`);
}

/** A new file, handed to the disk before this returns: some disks are found full only then. */
export async function writeSynced(file: string, bytes: Uint8Array | string): Promise<void> {
  const handle = await open(file, "wx");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What an error of the file system means for somebody who wanted `target` written. */
export function writeError(target: string, cause: unknown): StudioError {
  return new StudioError("invalid-input", `"${target}" was not written: ${reason(target, cause)}`, {
    cause,
  });
}

function reason(target: string, cause: unknown): string {
  const { code = "", errno } = cause instanceof Error ? (cause as NodeJS.ErrnoException) : {};
  // Node has no name for this one.
  if (errno === -constants.errno.EDQUOT) return "the disk quota is used up; free some space.";
  switch (code) {
    case "ENOSPC":
      return "the disk is full; free some space or choose another place.";
    case "EFBIG":
      return "it is larger than files may be there; choose another place.";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `writing in "${path.dirname(target)}" is not allowed; choose another place.`;
    case "ENOENT":
    case "ENOTDIR":
      return `there is no folder "${path.dirname(target)}"; make it first.`;
    default:
      return `${cause instanceof Error ? cause.message : String(cause)}.`;
  }
}

/** A device or a folder would be replaced by the rename, or be in its way. */
async function requireReplaceable(file: string): Promise<void> {
  const existing = await stat(file).catch(() => null);
  if (existing === null || existing.isFile()) return;
  const kind = existing.isDirectory() ? "a folder" : "not an ordinary file";
  throw new StudioError("invalid-input", `"${file}" is ${kind}; choose the name of a file.`);
}

/**
 * Tries to write beside a file that is to come after long work, and takes the trace away again.
 *
 * @throws StudioError "invalid-input" saying why the file could not be written
 */
export async function checkWritable(file: string): Promise<void> {
  await requireReplaceable(file);
  const partial = partialBeside(file);
  try {
    await writeSynced(partial, new Uint8Array(1));
  } catch (cause) {
    throw writeError(file, cause);
  } finally {
    await rm(partial, { force: true }).catch(() => undefined);
  }
}
