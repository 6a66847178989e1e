/** @file Pictures with captions in a folder: Hugging Face's imagefolder, where metadata.jsonl has a line a picture. */
import { mkdir, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import path from "node:path";
import { StudioError } from "../../core/errors.ts";
import { lineError, parseMetadata } from "../../core/image/captions.ts";
import type { Pixels } from "../../core/image/pixels.ts";
import { decodePhoto } from "./decode.ts";
import { encodePng } from "../../core/image/png.ts";
import { partialBeside, writeError, writeSynced } from "./write-file.ts";

export interface CaptionedImage {
  /** Name of the file within the folder. */
  readonly name: string;
  readonly pixels: Pixels;
  readonly text: string;
}

const METADATA = "metadata.jsonl";

/**
 * All pictures that the folder's metadata.jsonl lists, in its order; of a line, `file_name` and `text` are read.
 *
 * @throws StudioError "invalid-input" naming the folder, or the line and what is wrong with it or with its picture
 */
export async function readImageFolder(folder: string): Promise<CaptionedImage[]> {
  const file = path.join(folder, METADATA);
  const content = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new StudioError(
      "invalid-input",
      `"${file}" cannot be read; give a folder with a ${METADATA} that has a "file_name" and a "text" for each picture.`,
      { cause },
    );
  });
  const entries = parseMetadata(content, file);
  for (const { line, name } of entries) {
    if (staysInside(name)) continue;
    throw lineError(file, line, `"${name}" leads out of the folder; pictures must lie inside it.`);
  }
  const images: CaptionedImage[] = [];
  for (const { line, name, text } of entries) {
    const pixels = await decodePhoto(path.join(folder, name)).catch((cause: unknown) => {
      if (cause instanceof StudioError) throw lineError(file, line, cause.message);
      throw cause;
    });
    images.push({ name, pixels, text });
  }
  return images;
}

/**
 * A new folder of PNG files with their captions, which appears when it is complete. Missing folders above it are made.
 *
 * @throws StudioError "invalid-input" where the folder already holds something, or saying why it could not be written
 */
export async function writeImageFolder(
  folder: string,
  images: readonly CaptionedImage[],
): Promise<void> {
  const target = path.resolve(folder);
  requireNames(images);
  await requireFree(folder);
  const partial = partialBeside(target);
  try {
    await mkdir(partial, { recursive: true });
    for (const { name, pixels } of images) {
      await writeSynced(path.join(partial, name), encodePng(pixels));
    }
    const lines = images.map(({ name, text }) => JSON.stringify({ file_name: name, text }) + "\n");
    await writeSynced(path.join(partial, METADATA), lines.join(""));
    // Where there is an empty folder, only some systems let it be replaced.
    await rmdir(target).catch(() => undefined);
    await rename(partial, target);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw writeError(folder, cause);
  }
}

/** Judged alike on every system: neither absolute there, nor with a step upwards. */
function staysInside(name: string): boolean {
  const absolute =
    path.posix.isAbsolute(name) || path.win32.isAbsolute(name) || /^[a-z]:/i.test(name);
  return !absolute && !name.split(/[\\/]/).includes("..");
}

/** Ours to get right: plain names, each once, that do not say another format. */
function requireNames(images: readonly CaptionedImage[]): void {
  const names = images.map(({ name }) => name);
  const plain = names.every((name) => name === path.basename(name) && name.endsWith(".png"));
  if (plain && new Set(names).size === names.length) return;
  throw new StudioError("internal", `These are not the names of PNG files: ${names.join(", ")}.`);
}

async function requireFree(folder: string): Promise<void> {
  const existing = await readdir(folder).catch((cause: unknown) => {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT") return [];
    if (code !== "ENOTDIR") throw writeError(folder, cause);
    throw new StudioError(
      "invalid-input",
      `"${folder}" is a file or lies under one; choose the name of a folder.`,
      { cause },
    );
  });
  if (existing.length === 0) return;
  throw new StudioError(
    "invalid-input",
    `The folder "${folder}" is not empty; choose another or empty it first.`,
  );
}
