/** @file The nano model as a folder on disk, as a person would have it from optimum. */
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { nanoFileMap } from "./nano-files.ts";

/**
 * Writes the folder into a temporary one of its own; gives its path.
 * @param changes files beside these, or in place of them; null leaves one out
 */
export async function writeNanoFolder(
  name: string,
  changes: Readonly<Record<string, string | null>> = {},
): Promise<string> {
  const folder = path.join(await mkdtemp(path.join(tmpdir(), "studio-")), name);
  const files = new Map<string, Uint8Array | string | null>([
    ...(await nanoFileMap("dynamo")),
    ...Object.entries(changes),
  ]);
  for (const [file, content] of files) {
    if (content === null) continue;
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), content);
  }
  return folder;
}
