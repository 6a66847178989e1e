/** @file A model's files in the store, whichever way they came: their size, what is damaged, what is left over. */
import { StudioError } from "../src/core/errors.ts";
import { isWhole, storedBytes, type StoredFile } from "../src/core/stored-file.ts";
import { type CopyOptions, verifyFiles } from "../src/hub/copy-files.ts";
import { removeFromOpfs } from "../src/hub/opfs-files.ts";
import { storageEstimate } from "../src/storage/usage.ts";

export function bytesOf(files: readonly StoredFile[]): number {
  return files.reduce((sum, file) => sum + storedBytes(file), 0);
}

export function damagedPaths(files: readonly StoredFile[]): string[] {
  return files.filter((file) => !isWhole(file)).map(({ path }) => path);
}

export async function freeBytes(): Promise<number | null> {
  const { used, quota } = await storageEstimate();
  return used === null || quota === null ? null : Math.max(0, quota - used);
}

/** Removes files of an earlier import that the model does not have any more. */
export async function removeDropped(
  id: string,
  known: readonly StoredFile[],
  files: readonly { readonly path: string }[],
): Promise<void> {
  const paths = new Set(files.map(({ path }) => path));
  for (const { path } of known) if (!paths.has(path)) await removeFromOpfs(id, path);
}

interface ReadBack extends Pick<CopyOptions, "save" | "signal" | "onBytes"> {
  readonly id: string;
  /** What a person does about it: "Choose the folder again". */
  readonly repair: string;
}

/** @throws StudioError "model-corrupt" where what is on disk is not what was written */
export async function readBack(
  files: readonly StoredFile[],
  { id, save, signal, onBytes, repair }: ReadBack,
): Promise<readonly StoredFile[]> {
  const checked = await verifyFiles(id, files, { signal, onBytes });
  const damaged = damagedPaths(checked);
  if (damaged.length === 0) return checked;
  await save(checked);
  throw new StudioError(
    "model-corrupt",
    `What was read back of ${damaged.join(", ")} is not what was written; the disk may be full or failing. ${repair} to repair it.`,
  );
}
