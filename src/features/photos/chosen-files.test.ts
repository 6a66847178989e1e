/** @file Of a folder only what may be a picture; of files chosen one by one all of them; captions by path. */
import { describe, expect, it } from "vitest";
import { captionOf, meantAsPictures } from "./chosen-files.ts";

/** As a folder input, react-dropzone, or a plain file input gives it. */
function file(name: string, from: { webkitRelativePath?: string; path?: string } = {}): File {
  return Object.assign(new File(["x"], name), { webkitRelativePath: "" }, from);
}

const names = (files: File[]): string[] => files.map(({ name }) => name);

describe("meantAsPictures", () => {
  it("passes over texts and hidden files of a folder", () => {
    const inFolder = (name: string): File[] => [
      file(name, { webkitRelativePath: `bear/${name}` }),
      file(name, { path: `/bear/${name}` }),
    ];
    const files = [".DS_Store", "category.txt", "Thumbs.db", "a.JPG", "noname"].flatMap(inFolder);
    expect(names(meantAsPictures(files))).toEqual(["a.JPG", "a.JPG", "noname", "noname"]);
  });

  it("keeps what was chosen one by one, to be refused by name", () => {
    const files = [file("notes.txt", { path: "./notes.txt" }), file("b.txt")];
    expect(names(meantAsPictures(files))).toEqual(["b.txt", "notes.txt"]);
  });

  it("sorts as people count", () => {
    const files = ["IMG_10.jpg", "IMG_9.jpg", "img_1.jpg"].map((name) => file(name));
    expect(names(meantAsPictures(files))).toEqual(["img_1.jpg", "IMG_9.jpg", "IMG_10.jpg"]);
  });
});

describe("captionOf", () => {
  const captions = new Map([
    ["a.png", "plain"],
    ["train/b.png", "in a folder"],
  ]);

  it("finds a file by its name, or by the folders below the one that was dropped", () => {
    expect(captionOf(file("a.png"), captions)).toBe("plain");
    expect(captionOf(file("a.png", { path: "/set/a.png" }), captions)).toBe("plain");
    const nested = { webkitRelativePath: "set/train/b.png" };
    expect(captionOf(file("b.png", nested), captions)).toBe("in a folder");
    expect(captionOf(file("b.png"), captions)).toBeUndefined();
  });
});
