/** @file The sample pictures are what their index says: all there, readable, captioned, and nothing else. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { readImageFolder } from "../src/cli/files/image-folder.ts";
import { readPhotos } from "../src/cli/files/photos.ts";
import index from "../public/samples/index.json" with { type: "json" };

const samples = path.join(import.meta.dirname, "../public/samples");

/** What the default model draws. */
const SIZE = { width: 256, height: 256 };

describe.each(index.concepts)("the concept $id", ({ id, category, files }) => {
  it("has its pictures and its category", async () => {
    const folder = path.join(samples, "concepts", id);
    const photos = await readPhotos(folder);
    expect(photos.map(({ name }) => `concepts/${id}/${name}`)).toEqual(files);
    for (const { pixels } of photos) expect(pixels).toMatchObject(SIZE);
    expect(readFileSync(path.join(folder, "category.txt"), "utf8").trim()).toBe(category);
    expect(readdirSync(folder)).toHaveLength(files.length + 1);
  });

  it("finds regularisation pictures of its category", () => {
    expect(index.regularisation.map((set) => set.category)).toContain(category);
  });
});

describe.each(index.regularisation)(
  "regularisation for $category",
  ({ category, folder, count }) => {
    it("has a caption for every picture, and a picture for every caption", async () => {
      expect(folder).toBe(`regularisation/${category}`);
      const images = await readImageFolder(path.join(samples, folder));
      expect(images).toHaveLength(count);
      for (const { pixels, text } of images) {
        expect(pixels).toMatchObject(SIZE);
        expect(text.trim()).not.toBe("");
      }
      const listed = [...images.map(({ name }) => name), "metadata.jsonl"];
      expect(readdirSync(path.join(samples, folder)).sort()).toEqual(listed.sort());
    });
  },
);

it("holds nothing that the index does not list", () => {
  const folders = (name: string): string[] => readdirSync(path.join(samples, name)).sort();
  expect(folders(".")).toEqual(["README.md", "concepts", "index.json", "regularisation"]);
  expect(folders("concepts")).toEqual(index.concepts.map(({ id }) => id));
  expect(folders("regularisation")).toEqual(index.regularisation.map((set) => set.category));
});

it("gives every concept a name of its own", () => {
  const names = index.concepts.map(({ name }) => name);
  expect(names.every((name) => name.trim() !== "")).toBe(true);
  expect(new Set(names).size).toBe(names.length);
});
