/** @file Width and height as a picture file's header claims them, so that huge ones are refused before they are decoded. */
import type { PictureFormat } from "./file-format.ts";

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Before turning upright and trimming; null where the header does not say, or is cut off. */
export function pictureSize(bytes: Uint8Array, format: PictureFormat): PictureSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    switch (format) {
      case "PNG":
        return { width: view.getUint32(16), height: view.getUint32(20) };
      case "GIF":
        return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
      case "WebP":
        return sizeOfWebp(view);
      case "JPEG":
        return sizeOfJpeg(view);
      case "AVIF":
      case "HEIC":
        return largestExtent(view);
      case "TIFF":
        return null;
    }
  } catch (error) {
    // A length in the file led outside of it.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function fourLetters(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}

/** RFC 9649: simple lossy, simple lossless, extended. */
function sizeOfWebp(view: DataView): PictureSize | null {
  const uint24 = (at: number): number => view.getUint16(at, true) + 65_536 * view.getUint8(at + 2);
  switch (fourLetters(view, 12)) {
    case "VP8 ":
      return {
        width: view.getUint16(26, true) & 0x3fff,
        height: view.getUint16(28, true) & 0x3fff,
      };
    case "VP8L": {
      const bits = view.getUint32(21, true);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return { width: uint24(24) + 1, height: uint24(27) + 1 };
    default:
      return null;
  }
}

/** Goes from marker to marker up to the start of a frame (ITU T.81, B.2.2). */
function sizeOfJpeg(view: DataView): PictureSize | null {
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    // C4, C8 and CC are tables and an extension among the starts of frames.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    if (marker === 0xd9 || marker === 0xda) return null;
    const hasLength = marker !== 0x01 && !(marker >= 0xd0 && marker <= 0xd8);
    at += 2 + (hasLength ? view.getUint16(at + 2) : 0);
  }
}

/** Boxes on the way to image spatial extents (ISO/IEC 23008-12); `meta` starts with four bytes of version and flags. */
const CONTAINERS: Readonly<Record<string, number>> = { meta: 4, iprp: 0, ipco: 0 };
const MOST_BOXES = 10_000;

/** Of all pictures in the file: a photo made of tiles has their extents beside its own. */
function largestExtent(view: DataView): PictureSize | null {
  let largest: PictureSize | null = null;
  let boxes = 0;
  const walk = (from: number, to: number): void => {
    let at = from;
    while (at + 8 <= to && boxes++ < MOST_BOXES) {
      const type = fourLetters(view, at + 4);
      const claimed = view.getUint32(at);
      const wide = claimed === 1;
      const length = wide ? Number(view.getBigUint64(at + 8)) : claimed;
      const head = wide ? 16 : 8;
      // 0 is "to the end"; less than its own head is nonsense.
      const end = length === 0 ? to : at + length;
      if (end < at + head) return;
      if (type === "ispe") {
        const width = view.getUint32(at + head + 4);
        const height = view.getUint32(at + head + 8);
        if (largest === null || width * height > largest.width * largest.height) {
          largest = { width, height };
        }
      }
      const skip = CONTAINERS[type];
      if (skip !== undefined) walk(at + head + skip, Math.min(end, to));
      at = end;
    }
  };
  walk(0, view.byteLength);
  return largest;
}
