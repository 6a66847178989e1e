/** @file The photos worker in a real browser: every format, turned photos, HEIC, files that are none, huge headers. */
import { describe, expect, it } from "vitest";
import { decodePng, encodePng } from "../core/image/png.ts";
import { joinChunks, readChunks } from "../core/image/png-chunks.ts";
import { trainingSquare } from "../core/image/training-square.ts";
import { toPixels } from "../core/image/convert.ts";
import type { Pixels } from "../core/image/pixels.ts";
import { createPhotosClient } from "./photos-client.ts";
import heicAddress from "../../tests/fixtures/photos/quarters.heic?url";

const photos = createPhotosClient();

/** Red and green above blue and white. */
function quarters(width: number, height: number): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("no canvas");
  ["#f00", "#0f0", "#00f", "#fff"].forEach((colour, i) => {
    context.fillStyle = colour;
    context.fillRect((i % 2) * (width / 2), (i >> 1) * (height / 2), width / 2, height / 2);
  });
  return canvas;
}

const RED = [255, 0, 0];
const GREEN = [0, 255, 0];
const BLUE = [0, 0, 255];
const WHITE = [255, 255, 255];

/** Colours in the middle of the quarters of a square, in reading order. */
async function coloursOf(png: Blob): Promise<number[][]> {
  const { pixels } = decodePng(new Uint8Array(await png.arrayBuffer()));
  expect(pixels.width).toBe(pixels.height);
  const near = Math.floor(pixels.width / 4);
  const far = pixels.width - 1 - near;
  return [
    [near, near],
    [far, near],
    [near, far],
    [far, far],
  ].map(([x = 0, y = 0]) => [...pixels.data.subarray(3 * (y * pixels.width + x)).slice(0, 3)]);
}

function expectClose(actual: number[][], expected: number[][]): void {
  const off = actual.map((colour, i) => colour.map((v, c) => Math.abs(v - expected[i]![c]!)));
  expect(Math.max(...off.flat()), JSON.stringify(actual)).toBeLessThan(12);
}

function expectSame(actual: Pixels, expected: Pixels): void {
  expect(actual.data).toHaveLength(expected.data.length);
  expect(actual.data.findIndex((value, i) => value !== expected.data[i])).toBe(-1);
}

/** A JPEG with an EXIF block of one entry, the orientation (TIFF 6.0, tag 274). */
async function turnedJpeg(orientation: number): Promise<Blob> {
  const plain = await quarters(64, 48).convertToBlob({ type: "image/jpeg", quality: 1 });
  const tiff = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 18, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0];
  const exif = [...new TextEncoder().encode("Exif\0\0"), ...tiff, 0, 0, 0, 0];
  const segment = [0xff, 0xe1, 0, exif.length + 2, ...exif];
  return new Blob([plain.slice(0, 2), new Uint8Array(segment), plain.slice(2)]);
}

describe("the photos worker", () => {
  it.each(["image/png", "image/jpeg", "image/webp"])("reads %s", async (type) => {
    const file = await quarters(64, 48).convertToBlob({ type, quality: 1 });
    const opened = await photos.openPhoto(file, "a.bin");
    expect(opened).toMatchObject({ width: 64, height: 48 });
    expect(opened.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(opened.likeness).toMatch(/^[0-9a-f]{16}$/);
    expect(opened.preview.type).toBe("image/jpeg");
    expectClose(await coloursOf(await photos.squarePng(file, "a.bin", null, 64)), [
      RED,
      GREEN,
      BLUE,
      WHITE,
    ]);
  });

  it("turns a photo upright as its EXIF orientation says", async () => {
    const file = await turnedJpeg(6);
    const opened = await photos.openPhoto(file, "phone.jpg");
    expect(opened).toMatchObject({ width: 48, height: 64 });
    const square = await photos.squarePng(file, "phone.jpg", null, 64);
    // Turned by a quarter clockwise: what was at the bottom left is at the top left.
    expectClose(await coloursOf(square), [BLUE, RED, WHITE, GREEN]);
  });

  it("reads HEIC, which Chromium itself does not", async () => {
    const file = await (await fetch(heicAddress)).blob();
    await expect(createImageBitmap(file)).rejects.toThrow();
    expect(await photos.openPhoto(file, "phone.heic")).toMatchObject({ width: 64, height: 48 });
    const square = await photos.squarePng(file, "phone.heic", null, 64);
    expectClose(await coloursOf(square), [RED, GREEN, BLUE, WHITE]);
  });

  it("names a HEIC photo that is cut off", async () => {
    const file = await (await fetch(heicAddress)).blob();
    await expect(photos.openPhoto(file.slice(0, 500), "half.heic")).rejects.toMatchObject({
      code: "invalid-input",
      message: '"half.heic" is a HEIC photo that cannot be decoded here; save it as JPEG or PNG.',
    });
  });

  it("lays transparency on white", async () => {
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext("2d");
    const file = await canvas.convertToBlob();
    const square = await photos.squarePng(file, "clear.png", null, 64);
    expectClose(await coloursOf(square), [WHITE, WHITE, WHITE, WHITE]);
  });

  it("cuts and reduces as the command line does, bands of rows included", async () => {
    const [width, height] = [700, 1300];
    const data = Uint8ClampedArray.from({ length: 3 * width * height }, (_, i) => (i * i) % 251);
    const pixels: Pixels = { width, height, data };
    const file = new Blob([encodePng(pixels)]);
    for (const square of [null, { left: 30, top: 640, side: 601 }]) {
      const png = await photos.squarePng(file, "noise.png", square, 64);
      const got = decodePng(new Uint8Array(await png.arrayBuffer())).pixels;
      expect(got).toMatchObject({ width: 192, height: 192 });
      expectSame(got, toPixels(trainingSquare(pixels, 64, square ?? undefined)));
    }
    const whole = await photos.squarePng(file, "noise.png", null, 512);
    const got = decodePng(new Uint8Array(await whole.arrayBuffer())).pixels;
    expectSame(got, toPixels(trainingSquare(pixels, 512)));
  });

  it("gives pictures that look alike nearly the same likeness, and others another", async () => {
    const draw = (colours: string[]): OffscreenCanvas => {
      const canvas = quarters(90, 80);
      const context = canvas.getContext("2d");
      colours.forEach((colour, i) => {
        if (context === null) return;
        context.fillStyle = colour;
        context.fillRect(10 * (i % 9), 10 * Math.floor(i / 9), 10, 10);
      });
      return canvas;
    };
    const greys = Array.from({ length: 72 }, (_, i) => `rgb(${(i * 97) % 256} 50 50)`);
    const likeness = async (canvas: OffscreenCanvas, type: string): Promise<string> =>
      (await photos.openPhoto(await canvas.convertToBlob({ type, quality: 0.8 }), "a")).likeness;
    const one = await likeness(draw(greys), "image/png");
    expect(await likeness(draw(greys), "image/jpeg")).toBe(one);
    expect(await likeness(draw(greys.reverse()), "image/png")).not.toBe(one);
  });

  it.each([
    ["notes.png", "These are my notes.", "is not a photo that can be read: it is no JPEG"],
    ["empty.jpg", "", "is empty"],
    ["drawing.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", "is not a photo"],
    ["scan.tif", "II*\0 and so on", "is a TIFF picture, which browsers cannot decode"],
    ["clip.mp4", "\0\0\0\x18ftypisom\0\0\0\0isommp42", "is not a photo"],
  ])("refuses %s by name", async (name, content, sentence) => {
    await expect(photos.openPhoto(new Blob([content]), name)).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining(`"${name}" ${sentence}`) as string,
    });
  });

  it.each(["image/png", "image/jpeg", "image/webp"])("refuses half a %s", async (type) => {
    const data = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, i) => (i * i * 7) % 251);
    const canvas = new OffscreenCanvas(64, 64);
    canvas.getContext("2d")?.putImageData(new ImageData(data, 64, 64), 0, 0);
    const file = await canvas.convertToBlob({ type });
    await expect(photos.openPhoto(file.slice(0, file.size >> 1), "half")).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringMatching(/"half" is a \w+ file, but damaged or cut off/) as string,
    });
  });

  it("refuses more than 100 million pixels by the header, and 100 MB unread", async () => {
    const small = encodePng({ width: 2, height: 2, data: new Uint8ClampedArray(12) });
    const chunks = [...readChunks(small)].map(({ type, data }) => {
      const copy = data.slice();
      if (type === "IHDR") new DataView(copy.buffer).setUint32(0, 60_000_000);
      return { type, data: copy };
    });
    await expect(photos.openPhoto(new Blob([joinChunks(chunks)]), "bomb.png")).rejects.toThrow(
      '"bomb.png" has 60000000 x 2 pixels; photos may have 100 million',
    );
    const large = new Blob(Array.from({ length: 101 }, () => new Uint8Array(1e6)));
    await expect(photos.openPhoto(large, "film.jpg")).rejects.toThrow(
      '"film.jpg" holds 101 MB, too much for a photo; 100 MB are read at most.',
    );
  });
});
