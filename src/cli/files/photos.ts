/** @file The photos of a thing: the pictures of a folder. */
import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { StudioError } from "../../core/errors.ts";
import type { Pixels } from "../../core/image/pixels.ts";
import { decodeImage, readImageFile } from "./decode.ts";

export interface Photo {
  /** Name of the file, without the folder. */
  readonly name: string;
  readonly pixels: Pixels;
}

/** What lies beside photos without being meant as one: notes, captions, what desktops leave behind. */
const BESIDE_PHOTOS = /\.(txt|md|json|jsonl|csv|ya?ml|ini|db)$/i;

/**
 * All photos of a folder by name, or the one photo that `source` is. Hidden files, subfolders and texts such as
 * category.txt are passed over; any other file has to be a photo. Of files with the same bytes only the first is kept,
 * and `warn` is told of the others.
 *
 * @throws StudioError "invalid-input" naming the folder that is missing or without photos, or the file that is no photo
 */
export async function readPhotos(
  source: string,
  warn: (sentence: string) => void = () => undefined,
): Promise<Photo[]> {
  const photos: Photo[] = [];
  const nameOf = new Map<string, string>();
  for (const file of await photoFiles(source)) {
    const name = path.basename(file);
    const bytes = await readImageFile(file);
    const digest = createHash("sha256").update(bytes).digest("hex");
    const twin = nameOf.get(digest);
    if (twin !== undefined) {
      warn(`"${name}" is the same file as "${twin}" and is left out.`);
      continue;
    }
    nameOf.set(digest, name);
    photos.push({ name, pixels: await decodeImage(bytes, file) });
  }
  return photos;
}

async function photoFiles(source: string): Promise<string[]> {
  const found = await stat(source).catch((cause: unknown) => {
    throw new StudioError(
      "invalid-input",
      `There is no folder "${source}"; give one with photos.`,
      {
        cause,
      },
    );
  });
  if (!found.isDirectory()) return [source];
  const entries = await readdir(source, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => !name.startsWith(".") && !BESIDE_PHOTOS.test(name));
  if (names.length === 0) {
    throw new StudioError("invalid-input", `There are no photos in the folder "${source}".`);
  }
  return names.sort().map((name) => path.join(source, name));
}
