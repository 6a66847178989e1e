/** @file Reading photos: which files count, in which order, and what is refused by name. */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readPhotos } from "./photos.ts";
import { encodePng } from "../../core/image/png.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-photos-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function put(name: string, content: Uint8Array | string): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, content);
  return file;
}

/** One pixel of grey. */
const png = (value: number): Uint8Array =>
  encodePng({ width: 1, height: 1, data: new Uint8ClampedArray(3).fill(value) });

describe("readPhotos", () => {
  it("reads the photos by name and passes over what lies beside them", async () => {
    await put("b.png", png(2));
    await put("a.PNG", png(1));
    await put("c without extension", png(3));
    await put("category.txt", "bear");
    await put("metadata.jsonl", "{}");
    await put(".DS_Store", "hidden");
    await mkdir(path.join(folder, "older"));
    const photos = await readPhotos(folder);
    expect(photos.map(({ name, pixels }) => [name, pixels.data[0]])).toEqual([
      ["a.PNG", 1],
      ["b.png", 2],
      ["c without extension", 3],
    ]);
  });

  it("takes a single photo for itself", async () => {
    const photos = await readPhotos(await put("only.png", png(9)));
    expect(photos).toMatchObject([{ name: "only.png", pixels: { width: 1, height: 1 } }]);
  });

  it("leaves duplicates out and says so", async () => {
    await put("a.png", png(1));
    await put("b.png", png(2));
    await put("copy of a.png", png(1));
    const warnings: string[] = [];
    const photos = await readPhotos(folder, (sentence) => warnings.push(sentence));
    expect(photos.map(({ name }) => name)).toEqual(["a.png", "b.png"]);
    expect(warnings).toEqual([`"copy of a.png" is the same file as "a.png" and is left out.`]);
  });

  it("refuses a text called .png among photos", async () => {
    await put("a.png", png(1));
    const text = await put("b.png", "no picture");
    await expect(readPhotos(folder)).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining(`"${text}" is not a photo`) as string,
    });
  });

  it("refuses a single file that is no photo, whatever its name", async () => {
    const text = await put("notes.txt", "no picture");
    await expect(readPhotos(text)).rejects.toThrow(`"${text}" is not a photo`);
  });

  it("refuses a folder that is missing, empty, or without photos", async () => {
    const missing = path.join(folder, "nowhere");
    await expect(readPhotos(missing)).rejects.toMatchObject({
      code: "invalid-input",
      message: `There is no folder "${missing}"; give one with photos.`,
    });
    const none = {
      code: "invalid-input",
      message: `There are no photos in the folder "${folder}".`,
    };
    await expect(readPhotos(folder)).rejects.toMatchObject(none);
    await put("category.txt", "bear");
    await mkdir(path.join(folder, "inner"));
    await expect(readPhotos(folder)).rejects.toMatchObject(none);
  });
});
