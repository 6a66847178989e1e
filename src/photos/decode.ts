/** @file A picture file decoded by the browser, upright; HEIC by a decoder of our own where the browser has none. */
import { StudioError } from "../core/errors.ts";
import { pictureFormat, type PictureFormat } from "../core/image/file-format.ts";
import { pictureSize } from "../core/image/picture-size.ts";
import { MOST_PIXELS } from "../core/image/pixels.ts";

/** What browsers have decoders for; TIFF is known, but none of theirs. */
const MIME: Readonly<Record<Exclude<PictureFormat, "TIFF">, string>> = {
  JPEG: "image/jpeg",
  PNG: "image/png",
  WebP: "image/webp",
  GIF: "image/gif",
  AVIF: "image/avif",
  HEIC: "image/heic",
};

/**
 * The first frame of the picture, turned as it says it should be. Whoever is given it has to close it.
 *
 * @throws StudioError "invalid-input" naming the file: it is no picture, too large, or damaged
 */
export async function decodePicture(
  bytes: Uint8Array<ArrayBuffer>,
  name: string,
): Promise<ImageBitmap> {
  const format = pictureFormat(bytes);
  if (format === null) {
    throw new StudioError(
      "invalid-input",
      `"${name}" is not a photo that can be read: it is no JPEG, PNG, WebP, GIF, AVIF or HEIC.`,
    );
  }
  if (format === "TIFF") {
    throw new StudioError(
      "invalid-input",
      `"${name}" is a TIFF picture, which browsers cannot decode; save it as JPEG or PNG.`,
    );
  }
  const claimed = pictureSize(bytes, format);
  if (claimed !== null) requireModest(claimed, name);
  const file = new Blob([bytes], { type: MIME[format] });
  const bitmap = await decode(file, format).catch((cause: unknown) => {
    throw new StudioError("invalid-input", `"${name}" ${whatIsWrong(format)}`, { cause });
  });
  // Headers may lie, or not have been understood.
  requireModest(bitmap, name);
  return bitmap;
}

async function decode(file: Blob, format: PictureFormat): Promise<ImageBitmap> {
  const byBrowser = createImageBitmap(file, { imageOrientation: "from-image" });
  if (format !== "HEIC") return byBrowser;
  return byBrowser.catch(async () => {
    // Three megabytes, which most people never need.
    const { heicTo } = await import("heic-to/csp");
    return heicTo({ blob: file, type: "bitmap" });
  });
}

function whatIsWrong(format: PictureFormat): string {
  switch (format) {
    case "HEIC":
      return "is a HEIC photo that cannot be decoded here; save it as JPEG or PNG.";
    case "AVIF":
      return "is an AVIF picture that is damaged, or that this browser cannot decode; save it as JPEG or PNG.";
    default:
      return `is a ${format} file, but damaged or cut off; use another copy of it.`;
  }
}

function requireModest(
  { width, height }: { readonly width: number; readonly height: number },
  name: string,
): void {
  if (width * height <= MOST_PIXELS) return;
  throw new StudioError(
    "invalid-input",
    `"${name}" has ${width} x ${height} pixels; photos may have ${MOST_PIXELS / 1e6} million, make it smaller.`,
  );
}
