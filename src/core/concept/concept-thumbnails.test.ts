/** @file Pictures in concept files: put in, read, taken out without a trace, and harmless where they are none. */
import { describe, expect, it } from "vitest";
import { readSafetensors } from "../tensor/safetensors.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import { decodeConcept, encodeConcept } from "./concept-file.ts";
import { readThumbnails, withThumbnails } from "./concept-thumbnails.ts";
import { BASE, CONCEPT, LAYOUT } from "./concept.test-support.ts";

const file = encodeConcept(CONCEPT, LAYOUT);
const png = (...rest: number[]): Uint8Array<ArrayBuffer> =>
  Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, ...rest);

describe("thumbnails of a concept file", () => {
  it("come out as they went in, and change nothing of the concept", () => {
    const pictures = [png(0, 255, 128), png()];
    const shown = withThumbnails(file, pictures);
    expect(readThumbnails(shown)).toEqual(pictures);
    expect(decodeConcept(shown, LAYOUT, BASE)).toEqual(decodeConcept(file, LAYOUT, BASE));
  });

  it("are taken out without a trace", () => {
    expect(withThumbnails(withThumbnails(file, [png(1)]), [])).toEqual(file);
  });

  it("take the place of those that were there", () => {
    const again = withThumbnails(withThumbnails(file, [png(1)]), [png(2), png(3)]);
    expect(readThumbnails(again)).toEqual([png(2), png(3)]);
  });

  it("are small PNG files, and few", () => {
    const large = new Uint8Array(200_001);
    large.set(png());
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff);
    const many = Array.from({ length: 12 }, (_, i) => png(i));
    expect(readThumbnails(withThumbnails(file, [large, jpeg, png(7)]))).toEqual([png(7)]);
    expect(readThumbnails(withThumbnails(file, many))).toHaveLength(8);
  });

  it.each(["", "{", "{}", "[1, null]", '["ä"]', '["aGVsbG8="]'])(
    "that are none are left out: %s",
    (text) => {
      const { tensors, metadata } = readSafetensors(file);
      const foreign = writeSafetensors(tensors, new Map([...metadata, ["thumbnails", text]]));
      expect(readThumbnails(foreign)).toEqual([]);
    },
  );

  it("are none in a file without", () => {
    expect(readThumbnails(file)).toEqual([]);
  });
});
