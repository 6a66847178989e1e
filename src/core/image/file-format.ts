/** @file Which kind of picture a file is, by its first bytes and never by its name. */

export type PictureFormat = "JPEG" | "PNG" | "WebP" | "GIF" | "TIFF" | "AVIF" | "HEIC";

/** Null for everything that is not one of these. */
export function pictureFormat(bytes: Uint8Array): PictureFormat | null {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  if (head.startsWith("\xff\xd8\xff")) return "JPEG";
  if (head.startsWith("\x89PNG\r\n\x1a\n")) return "PNG";
  if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) return "WebP";
  if (head.startsWith("GIF8")) return "GIF";
  if (head.startsWith("II*\0") || head.startsWith("MM\0*")) return "TIFF";
  // ISO base media: the brands of the first box say what is inside.
  if (!head.startsWith("ftyp", 4)) return null;
  if (/avi[fs]/.test(head)) return "AVIF";
  return /hei[cxms]|hev[cx]|mif1|msf1/.test(head) ? "HEIC" : null;
}
