/** @file Which of the files that were dropped or chosen are meant as pictures. */

/** What lies beside photos without being meant as one: notes, captions, what desktops leave behind. */
const BESIDE_PHOTOS = /\.(txt|md|json|jsonl|csv|ya?ml|ini|db)$/i;

/**
 * Of a folder, everything but hidden files and texts, in the order of names; of files that were chosen one by one, all,
 * since each of them is meant.
 */
export function meantAsPictures(files: readonly File[]): File[] {
  return files
    .filter((file) => !isFromFolder(file) || !isBeside(file.name))
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}

function isBeside(name: string): boolean {
  return name.startsWith(".") || BESIDE_PHOTOS.test(name);
}

function isFromFolder(file: File): boolean {
  return pathOf(file).includes("/");
}

/** Folder inputs say it in `webkitRelativePath`; react-dropzone in `path`, which is "./a.png" for a lone file. */
function pathOf(file: File): string {
  if (file.webkitRelativePath !== "") return file.webkitRelativePath;
  if (!("path" in file) || typeof file.path !== "string") return file.name;
  return file.path.replace(/^\.?\//, "");
}

export function isMetadata({ name }: File): boolean {
  return name === "metadata.jsonl";
}

/** The file's line in metadata.jsonl, which may name it with the folders between. */
export function captionOf(file: File, captions: ReadonlyMap<string, string>): string | undefined {
  const parts = pathOf(file).split("/");
  for (let i = 0; i < parts.length; i++) {
    const caption = captions.get(parts.slice(i).join("/"));
    if (caption !== undefined) return caption;
  }
  return undefined;
}
