/** @file Decoding: files made by libvips, as phones, scanners and web pages make them, and files that are none. */
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodePhoto } from "./decode.ts";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "studio-decode-"));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function file(name: string, bytes: Uint8Array | string): Promise<string> {
  const target = path.join(folder, name);
  await writeFile(target, bytes);
  return target;
}

/** One colour, 4 wide and 2 high. */
function plain(background: { r: number; g: number; b: number; alpha?: number }): Sharp {
  const channels = background.alpha === undefined ? 3 : 4;
  return sharp({ create: { width: 4, height: 2, channels, background } });
}

const brown = { r: 128, g: 64, b: 32 };

/** 16 x 16 pieces of four colours, large enough that JPEG keeps them apart; the first is red. */
function quarters(): Sharp {
  const data = new Uint8Array(32 * 32 * 3);
  const colours = [
    [255, 0, 0],
    [0, 255, 0],
    [0, 0, 255],
    [255, 255, 255],
  ];
  for (let i = 0; i < 32 * 32; i++) {
    const quarter = (i % 32 < 16 ? 0 : 1) + (i < 512 ? 0 : 2);
    data.set(colours[quarter]!, 3 * i);
  }
  return sharp(data, { raw: { width: 32, height: 32, channels: 3 } });
}

/** Noise, so that half of the file is half of the picture. */
function noise(): Sharp {
  const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * i * 7) % 251);
  return sharp(data, { raw: { width: 64, height: 64, channels: 3 } });
}

describe("decodePhoto", () => {
  it.each([
    ["PNG", () => plain(brown).png()],
    ["PNG with a palette", () => plain(brown).png({ palette: true })],
    ["16-bit PNG", () => plain(brown).toColourspace("rgb16").png()],
    ["JPEG", () => plain(brown).jpeg({ quality: 100, chromaSubsampling: "4:4:4" })],
    ["WebP", () => plain(brown).webp({ lossless: true })],
    ["GIF", () => plain(brown).gif()],
    ["TIFF", () => plain(brown).tiff({ compression: "lzw" })],
    ["AVIF", () => plain(brown).avif({ lossless: true })],
  ])("reads %s", async (name, make) => {
    const photo = await decodePhoto(await file(`${name}.bin`, await make().toBuffer()));
    expect(photo).toMatchObject({ width: 4, height: 2 });
    expect(photo.data).toHaveLength(24);
    // YCbCr at full quality rounds by up to two.
    photo.data.forEach((value, i) => {
      expect(Math.abs(value - [128, 64, 32][i % 3]!)).toBeLessThanOrEqual(2);
    });
  });

  it("makes three equal channels of grey, also of 16-bit grey", async () => {
    for (const space of ["b-w", "grey16"]) {
      const bytes = await plain({ r: 90, g: 90, b: 90 }).toColourspace(space).png().toBuffer();
      expect((await sharp(bytes).metadata()).channels).toBe(1);
      const photo = await decodePhoto(await file("grey.png", bytes));
      expect(photo.data).toEqual(new Uint8ClampedArray(24).fill(90));
    }
  });

  it("converts CMYK", async () => {
    const bytes = await plain(brown).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(bytes).metadata()).space).toBe("cmyk");
    const photo = await decodePhoto(await file("cmyk.jpg", bytes));
    // A printer's gamut is not a screen's: brown stays brown, no more is promised.
    const [r = 0, g = 0, b = 0] = photo.data;
    expect(photo.data).toHaveLength(24);
    expect(Math.abs(r - 128) + Math.abs(g - 64) + Math.abs(b - 32)).toBeLessThan(60);
  });

  it("converts the wide colours of a phone, which an embedded profile describes", async () => {
    const orange = { r: 250, g: 100, b: 30 };
    const bytes = await plain(orange).withIccProfile("p3").png().toBuffer();
    const [stored = 0] = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(stored).toBeLessThan(240);
    const { data } = await decodePhoto(await file("wide.png", bytes));
    // Two roundings to 8 bits, there and back, in colours that are spaced differently.
    data.forEach((value, i) => expect(Math.abs(value - [250, 100, 30][i % 3]!)).toBeLessThan(3));
  });

  it("lays transparency on white", async () => {
    const bytes = await plain({ r: 200, g: 0, b: 0, alpha: 0 }).png().toBuffer();
    const clear = await decodePhoto(await file("clear.png", bytes));
    expect(clear.data).toEqual(new Uint8ClampedArray(24).fill(255));
    const half = await plain({ r: 255, g: 0, b: 0, alpha: 128 / 255 })
      .png()
      .toBuffer();
    const [r, g] = (await decodePhoto(await file("half.png", half))).data;
    expect(r).toBe(255);
    expect(g).toBe(127);
  });

  it.each([
    // Where the red quarter of the stored picture is seen, as TIFF 6.0 and EXIF define each value.
    [1, "top left"],
    [2, "top right"],
    [3, "bottom right"],
    [4, "bottom left"],
    [5, "top left"],
    [6, "top right"],
    [7, "bottom right"],
    [8, "bottom left"],
  ])("turns a photo of EXIF orientation %i upright: red is %s", async (orientation, corner) => {
    const bytes = await quarters()
      .withMetadata({ orientation })
      .jpeg({ quality: 95, chromaSubsampling: "4:4:4" })
      .toBuffer();
    const { data, width } = await decodePhoto(await file(`turned-${orientation}.jpg`, bytes));
    const y = corner.startsWith("top") ? 8 : 24;
    const x = corner.endsWith("left") ? 8 : 24;
    const [r = 0, g = 0, b = 0] = data.subarray(3 * (y * width + x));
    expect(r).toBeGreaterThan(240);
    expect(g + b).toBeLessThan(30);
  });

  it("swaps the sides of a photo that lies on its side", async () => {
    const bytes = await plain(brown).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await decodePhoto(await file("side.jpg", bytes))).toMatchObject({ width: 2, height: 4 });
  });

  it.each([
    ["a text called .png", "notes.png", "These are my notes, not a picture."],
    ["an empty file", "empty.jpg", ""],
    ["an SVG drawing", "drawing.svg", `<svg xmlns="http://www.w3.org/2000/svg"/>`],
    ["a video", "clip.mp4", "\0\0\0\x18ftypisom\0\0\0\0isommp42 and so on"],
  ])("refuses %s by name", async (_, name, content) => {
    const target = await file(name, content);
    await expect(decodePhoto(target)).rejects.toMatchObject({
      code: "invalid-input",
      message: `"${target}" is not a photo that can be read: it is no JPEG, PNG, WebP, GIF, TIFF or AVIF.`,
    });
  });

  it("says what to do with a HEIC photo", async () => {
    const target = await file("phone.heic", "\0\0\0\x18ftypheic\0\0\0\0mif1heic and so on");
    await expect(decodePhoto(target)).rejects.toMatchObject({
      code: "invalid-input",
      message: `"${target}" is a HEIC photo, which cannot be decoded here; save it as JPEG or PNG.`,
    });
  });

  it.each([
    ["JPEG", () => noise().jpeg()],
    ["PNG", () => noise().png()],
    ["WebP", () => noise().webp()],
    ["TIFF", () => noise().tiff()],
    ["AVIF", () => noise().avif()],
  ])("refuses half a %s, and its first 40 bytes", async (format, make) => {
    const whole = await make().toBuffer();
    for (const length of [whole.length >> 1, 40]) {
      const target = await file(`half.${format}`, whole.subarray(0, length));
      await expect(decodePhoto(target)).rejects.toMatchObject({
        code: "invalid-input",
        message: `"${target}" is a ${format} file, but damaged or cut off.`,
      });
    }
  });

  it("refuses a bomb before decoding it", async () => {
    // Only its header says how large the picture is; there are no pixels to decode.
    const png = await plain(brown).png().toBuffer();
    png.writeUInt32BE(40_000, 16);
    png.writeUInt32BE(30_000, 20);
    png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
    await expect(decodePhoto(await file("bomb.png", png))).rejects.toMatchObject({
      code: "invalid-input",
      message: expect.stringContaining(
        "40000 x 30000 pixels; photos may have 100 million",
      ) as string,
    });
  });

  it("names a file that is missing, and one that is a folder", async () => {
    const missing = path.join(folder, "nowhere.png");
    await expect(decodePhoto(missing)).rejects.toMatchObject({
      code: "invalid-input",
      message: `There is no file "${missing}".`,
    });
    const inner = path.join(folder, "inner");
    await mkdir(inner);
    await expect(decodePhoto(inner)).rejects.toThrow(`"${inner}" is not a file`);
  });
});

/** The checksum of a PNG chunk (ISO 3309). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
