/** @file What an image is called as a file: its prompt, and a number. */
import type { ImageRecord } from "../../state/gallery.ts";

type Named = Pick<ImageRecord, "id" | "createdAt"> & {
  readonly settings: Pick<ImageRecord["settings"], "prompt">;
};

/** "Photo of a <new1> bear!" → "photo-of-a-new1-bear" */
export function slugOf(prompt: string): string {
  const slug = prompt
    .normalize("NFC")
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, "-")
    .replace(/^-/u, "");
  const short = (/^.{0,60}/u.exec(slug)?.[0] ?? "").replace(/-$/u, "");
  return short === "" ? "image" : short;
}

/** Numbered among the images of the same name, the oldest first. */
export function imageFileName(image: Named, all: readonly Named[]): string {
  const slug = slugOf(image.settings.prompt);
  const older = all.filter(
    ({ id, createdAt, settings }) =>
      id !== image.id && createdAt < image.createdAt && slugOf(settings.prompt) === slug,
  );
  return `${slug}-${older.length + 1}.png`;
}
