/** @file A photo from a file, upright, in 8-bit sRGB. */
import { readFile, stat } from "node:fs/promises";
import sharp from "sharp";
import { StudioError } from "../../core/errors.ts";
import { pictureFormat } from "../../core/image/file-format.ts";
import { MOST_PIXELS, type Pixels } from "../../core/image/pixels.ts";

const MOST_BYTES = 500e6;

/**
 * The picture in a file: turned as its EXIF data say, transparency on white, grey, CMYK and 16 bits converted. Of an
 * animation it is the first frame.
 *
 * @throws StudioError "invalid-input" naming the file: it is not there, no picture, damaged, or too large
 */
export async function decodePhoto(file: string): Promise<Pixels> {
  return decodeImage(await readImageFile(file), file);
}

/** The bytes of a file that may be a photo; errors as in {@link decodePhoto}. */
export async function readImageFile(file: string): Promise<Uint8Array> {
  const found = await stat(file).catch((cause: unknown) => {
    throw new StudioError("invalid-input", `There is no file "${file}".`, { cause });
  });
  if (!found.isFile()) {
    throw new StudioError("invalid-input", `"${file}" is not a file; give a picture.`);
  }
  if (found.size > MOST_BYTES) {
    throw new StudioError(
      "invalid-input",
      `"${file}" holds ${Math.round(found.size / 1e6)} MB, too much for a photo; ${MOST_BYTES / 1e6} MB are read at most.`,
    );
  }
  return readFile(file).catch((cause: unknown) => {
    throw new StudioError("invalid-input", `"${file}" cannot be read; check its permissions.`, {
      cause,
    });
  });
}

/** As {@link decodePhoto}, of bytes that were read from `file`. */
export async function decodeImage(bytes: Uint8Array, file: string): Promise<Pixels> {
  const format = pictureFormat(bytes);
  if (format === "HEIC") {
    throw new StudioError(
      "invalid-input",
      `"${file}" is a HEIC photo, which cannot be decoded here; save it as JPEG or PNG.`,
    );
  }
  if (format === null) {
    throw new StudioError(
      "invalid-input",
      `"${file}" is not a photo that can be read: it is no JPEG, PNG, WebP, GIF, TIFF or AVIF.`,
    );
  }
  // The size is judged below, before anything is decoded. Harmless oddities of a file ("warning") are let pass.
  const image = sharp(bytes, { failOn: "error", limitInputPixels: false, autoOrient: true });
  try {
    const { width, height } = await image.metadata();
    requireModest(width, height, file);
    const { data, info } = await image
      .flatten({ background: "#ffffff" })
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength);
    return { width: info.width, height: info.height, data: pixels };
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    throw new StudioError(
      "invalid-input",
      `"${file}" is a ${format} file, but damaged or cut off.`,
      {
        cause,
      },
    );
  }
}

function requireModest(width: number, height: number, file: string): void {
  if (width * height <= MOST_PIXELS) return;
  throw new StudioError(
    "invalid-input",
    `"${file}" has ${width} x ${height} pixels; photos may have ${MOST_PIXELS / 1e6} million, make it smaller.`,
  );
}
