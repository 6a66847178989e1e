/** @file Image folders: read as Hugging Face lays them out, refused by line, written whole or not at all. */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CaptionedImage, readImageFolder, writeImageFolder } from "./image-folder.ts";
import { encodePng } from "../../core/image/png.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-image-folder-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

function image(name: string, value: number, text: string): CaptionedImage {
  const data = new Uint8ClampedArray(12).fill(value);
  return { name, pixels: { width: 2, height: 2, data }, text };
}

const put = (name: string, content: Uint8Array | string): Promise<void> =>
  writeFile(path.join(folder, name), content);

/** A folder with a.png, b.png and these lines. */
async function putMetadata(...lines: string[]): Promise<void> {
  await put("a.png", encodePng(image("", 1, "").pixels));
  await put("b.png", encodePng(image("", 2, "").pixels));
  await put("metadata.jsonl", lines.join("\n"));
}

describe("readImageFolder", () => {
  it("reads pictures and captions in the order of the lines", async () => {
    await mkdir(path.join(folder, "more"));
    await put("more/c.png", encodePng(image("", 3, "").pixels));
    // A byte order mark, the line ends of Windows, an empty line and a column that nobody asked for.
    await putMetadata(
      `\ufeff{"file_name": "b.png", "text": "a \\"red\\" bear"}\r`,
      "\r",
      `{"file_name": "more/c.png", "text": "", "score": 1}\r`,
    );
    const images = await readImageFolder(folder);
    expect(images.map(({ name, pixels, text }) => [name, pixels.data[0], text])).toEqual([
      ["b.png", 2, `a "red" bear`],
      ["more/c.png", 3, ""],
    ]);
  });

  const good = `{"file_name": "a.png", "text": "a bear"}`;
  it.each([
    ["no JSON", "{file_name: a.png}", "it is not a JSON object."],
    ["a list", "[1]", "it is not a JSON object."],
    ["null", "null", "it is not a JSON object."],
    ["no file name", `{"text": "a bear"}`, `"file_name" is missing.`],
    ["an empty file name", `{"file_name": "", "text": "x"}`, `"file_name" is missing.`],
    ["no text", `{"file_name": "b.png"}`, `"text" is missing.`],
    ["a number for text", `{"file_name": "b.png", "text": 7}`, `"text" is missing.`],
    ["a file twice", good, `"a.png" is already in line 1.`],
  ])("names the line with %s", async (_, line, sentence) => {
    await putMetadata(good, line);
    await expect(readImageFolder(folder)).rejects.toMatchObject({
      code: "invalid-input",
      message: `"${path.join(folder, "metadata.jsonl")}", line 2: ${sentence}`,
    });
  });

  it.each(["../x.png", "more/../../x.png", "..\\x.png", "/etc/x.png", "C:\\x.png", "C:x.png"])(
    "refuses the way out of the folder: %s",
    async (name) => {
      await putMetadata(JSON.stringify({ file_name: name, text: "a bear" }));
      await expect(readImageFolder(folder)).rejects.toThrow(
        `line 1: "${name}" leads out of the folder`,
      );
    },
  );

  it("names the line of a picture that is missing, and of one that is no picture", async () => {
    await putMetadata(good, `{"file_name": "gone.png", "text": "a bear"}`);
    await expect(readImageFolder(folder)).rejects.toThrow(
      `line 2: There is no file "${path.join(folder, "gone.png")}".`,
    );
    await putMetadata(`{"file_name": "metadata.jsonl", "text": "a bear"}`);
    await expect(readImageFolder(folder)).rejects.toThrow(/line 1: .* is not a photo/);
  });

  it("refuses a folder without metadata.jsonl, and one that lists nothing", async () => {
    const file = path.join(folder, "metadata.jsonl");
    await expect(readImageFolder(folder)).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining(`"${file}" cannot be read`) as string,
    });
    await putMetadata("", "  ");
    await expect(readImageFolder(folder)).rejects.toThrow(`"${file}" lists no pictures.`);
  });
});

describe("writeImageFolder", () => {
  const images = [image("001.png", 10, `a "red" bear`), image("002.png", 20, "ein Bär\nzwei")];

  it("writes what readImageFolder reads, below folders that it makes", async () => {
    const target = path.join(folder, "sets", "bear");
    await writeImageFolder(target, images);
    expect(await readImageFolder(target)).toEqual(images);
    expect(await readdir(path.join(folder, "sets"))).toEqual(["bear"]);
    expect((await readdir(target)).sort()).toEqual(["001.png", "002.png", "metadata.jsonl"]);
    const metadata = await readFile(path.join(target, "metadata.jsonl"), "utf8");
    expect(metadata.split("\n")[0]).toBe(`{"file_name":"001.png","text":"a \\"red\\" bear"}`);
  });

  it("fills an empty folder", async () => {
    const target = path.join(folder, "bear");
    await mkdir(target);
    await writeImageFolder(target, images);
    expect(await readImageFolder(target)).toEqual(images);
  });

  it("leaves nothing where a picture fails", async () => {
    const broken = { ...image("003.png", 1, ""), pixels: { ...images[0]!.pixels, width: 7 } };
    const target = path.join(folder, "bear");
    await expect(writeImageFolder(target, [...images, broken])).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining(`"${target}" was not written`) as string,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it("refuses a folder that holds something, and leaves it alone", async () => {
    await put("mine.txt", "precious");
    await expect(writeImageFolder(folder, images)).rejects.toThrow(`"${folder}" is not empty`);
    expect(await readdir(folder)).toEqual(["mine.txt"]);
  });

  it("refuses the name of a file, and a place below one", async () => {
    await put("file", "precious");
    for (const target of ["file", "file/below"].map((name) => path.join(folder, name))) {
      await expect(writeImageFolder(target, images)).rejects.toMatchObject({
        code: "invalid-input",
        message: `"${target}" is a file or lies under one; choose the name of a folder.`,
      });
    }
    expect(await readFile(path.join(folder, "file"), "utf8")).toBe("precious");
  });

  it.each([["a.jpg"], ["../a.png"], ["b.png", "b.png"]])(
    "refuses the names %s %s",
    async (...names) => {
      const entries = names.map((name) => image(name, 1, ""));
      await expect(writeImageFolder(path.join(folder, "new"), entries)).rejects.toMatchObject({
        code: "internal",
      });
    },
  );
});
