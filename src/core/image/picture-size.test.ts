/** @file Sizes by header: files made by libvips and a phone's HEIC, cut off, damaged, and deliberately wrong. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { pictureFormat, type PictureFormat } from "./file-format.ts";
import { pictureSize } from "./picture-size.ts";

const plain = (): Sharp =>
  sharp({ create: { width: 300, height: 70, channels: 3, background: "#808080" } });
const fixtures = path.join(import.meta.dirname, "../../../tests/fixtures/photos");

const files: [PictureFormat, string, () => Promise<Uint8Array>][] = [
  ["PNG", "", () => plain().png().toBuffer()],
  ["GIF", "", () => plain().gif().toBuffer()],
  ["JPEG", "", () => plain().jpeg().toBuffer()],
  ["JPEG", "progressive", () => plain().jpeg({ progressive: true }).toBuffer()],
  ["JPEG", "with metadata", () => plain().withMetadata({ orientation: 6 }).jpeg().toBuffer()],
  ["WebP", "lossy", () => plain().webp().toBuffer()],
  ["WebP", "lossless", () => plain().webp({ lossless: true }).toBuffer()],
  ["WebP", "extended", () => plain().withMetadata({ orientation: 1 }).webp().toBuffer()],
  ["AVIF", "", () => plain().avif().toBuffer()],
];

describe("pictureSize", () => {
  it.each(files)("reads it from a %s %s", async (format, _, make) => {
    const bytes = await make();
    expect(pictureFormat(bytes)).toBe(format);
    expect(pictureSize(bytes, format)).toEqual({ width: 300, height: 70 });
    // Also where the file lies in the middle of a larger array.
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(pictureSize(shifted.subarray(3), format)).toEqual({ width: 300, height: 70 });
  });

  it("reads it from a HEIC", async () => {
    const bytes = await readFile(path.join(fixtures, "quarters.heic"));
    expect(pictureFormat(bytes)).toBe("HEIC");
    // Coded in blocks of 64 px, of which it shows 48.
    expect(pictureSize(bytes, "HEIC")).toEqual({ width: 64, height: 64 });
  });

  it("takes the largest of several extents, as of a photo made of tiles", async () => {
    const bytes = await readFile(path.join(fixtures, "quarters.heic"));
    const at = bytes.indexOf("ispe");
    const tile = bytes.subarray(at - 4, at + 16);
    const large = Buffer.from(tile);
    large.writeUInt32BE(9000, 12);
    // In a container of its own, since lengths of the first one would have to change.
    const ipco = Buffer.concat([Buffer.from([0, 0, 0, 28]), Buffer.from("ipco"), large]);
    expect(pictureSize(Buffer.concat([bytes, ipco]), "HEIC")).toEqual({ width: 9000, height: 64 });
  });

  it("knows a TIFF, and no size of it", async () => {
    const bytes = await plain().tiff().toBuffer();
    expect(pictureFormat(bytes)).toBe("TIFF");
    expect(pictureSize(bytes, "TIFF")).toBeNull();
  });

  it("ends with a size or none for any damage", async () => {
    const all = await Promise.all(
      files.map(async ([format, , make]) => ({ format, bytes: await make() })),
    );
    all.push({ format: "HEIC", bytes: await readFile(path.join(fixtures, "quarters.heic")) });
    const edit = fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...all),
        fc.array(edit, { maxLength: 6 }),
        fc.nat(400),
        (file, edits, length) => {
          const damaged = file.bytes.slice(0, length);
          for (const [at, value] of edits) if (at < damaged.length) damaged[at] = value;
          const size = pictureSize(damaged, file.format);
          if (size !== null) expect(Number.isInteger(size.width * size.height)).toBe(true);
        },
      ),
      { seed: 1, numRuns: 3000 },
    );
  });
});

describe("pictureFormat", () => {
  it.each(["", "notes", "<svg/>", "BM\x1a", "\0\0\0\x18ftypisom\0\0\0\0isommp42", "RIFF    WAVE"])(
    "is null for anything else: %j",
    (content) => {
      expect(pictureFormat(Buffer.from(content, "latin1"))).toBeNull();
    },
  );
});
