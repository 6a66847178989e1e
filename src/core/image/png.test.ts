/** @file PNG files: what is written is read again, by libvips too; every colour type as libvips reads it; damage is named. */
import fc from "fast-check";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { StudioError } from "../errors.ts";
import { Random } from "../random/random.ts";
import type { Pixels } from "./pixels.ts";
import { decodePng, encodePng } from "./png.ts";
import { joinChunks, type PngChunk, readChunks } from "./png-chunks.ts";

function picture(width: number, height: number): Pixels {
  const data = Uint8ClampedArray.from({ length: 3 * width * height }, (_, i) => (i * 41) % 256);
  return { width, height, data };
}

/** 13 x 9 with every value of alpha and many colours; an odd width, so that rows of few bits end inside a byte. */
function source(): Sharp {
  const data = Uint8Array.from({ length: 13 * 9 * 4 }, (_, i) => (i * 53 + 7) % 256);
  return sharp(data, { raw: { width: 13, height: 9, channels: 4 } });
}

async function byLibvips(png: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(png)
    .flatten({ background: "#ffffff" })
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: Uint8ClampedArray.from(data) };
}

type Chunk = Pick<PngChunk, "type" | "data">;

function edit(png: Uint8Array, change: (chunks: Chunk[]) => Chunk[]): Uint8Array {
  return joinChunks(change([...readChunks(png)]));
}

/** The same file with another header; its checksum is right. */
function withHeader(png: Uint8Array, change: (view: DataView) => void): Uint8Array {
  return edit(png, (chunks) =>
    chunks.map(({ type, data }) => {
      const copy = data.slice();
      if (type === "IHDR") change(new DataView(copy.buffer));
      return { type, data: copy };
    }),
  );
}

describe("encodePng", () => {
  it("keeps every pixel, and says so to others", async () => {
    const pixels = picture(5, 3);
    const png = encodePng(pixels);
    expect(decodePng(png)).toEqual({ pixels, text: {} });
    expect(await byLibvips(png)).toEqual(pixels);
    expect(await sharp(png).metadata()).toMatchObject({ format: "png", channels: 3 });
  });

  it("reads from the middle of a larger array", () => {
    const all = Uint8ClampedArray.from({ length: 100 }, (_, i) => i);
    const png = encodePng({ width: 2, height: 1, data: all.subarray(50, 56) });
    const shifted = new Uint8Array(png.length + 7);
    shifted.set(png, 7);
    expect([...decodePng(shifted.subarray(7)).pixels.data]).toEqual([50, 51, 52, 53, 54, 55]);
  });

  it("keeps texts in any script, before the pixels", () => {
    const text = { plain: "a b\nc", latin: "Grüße ©\x80", wide: "猫 🐈 a\u0301", empty: "" };
    const png = encodePng(picture(2, 2), text);
    expect(decodePng(png).text).toEqual(text);
    const types = [...readChunks(png)].map(({ type }) => type);
    expect(types).toEqual(["IHDR", "tEXt", "tEXt", "iTXt", "tEXt", "IDAT", "IEND"]);
  });

  it("keeps any text without zeros and lone surrogates", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (value) => {
        const clean = value.replaceAll("\0", "");
        expect(decodePng(encodePng(picture(1, 1), { value })).text).toEqual({ value: clean });
      }),
      { seed: 1 },
    );
  });
});

describe("decodePng", () => {
  const rgb16 = () => source().removeAlpha().toColourspace("rgb16");
  it.each<[string, () => Sharp]>([
    ["RGB", () => source().removeAlpha().png()],
    ["RGB and alpha", () => source().png()],
    ["16-bit RGB", () => rgb16().png()],
    ["16-bit RGB and alpha", () => source().toColourspace("rgb16").png()],
    ["grey", () => source().removeAlpha().toColourspace("b-w").png()],
    ["16-bit grey", () => source().removeAlpha().toColourspace("grey16").png()],
    ["grey and alpha", () => source().toColourspace("b-w").png()],
    ["8-bit palette", () => source().removeAlpha().png({ palette: true })],
    ["4-bit palette", () => source().removeAlpha().png({ palette: true, colours: 16 })],
    ["2-bit palette", () => source().removeAlpha().png({ palette: true, colours: 4 })],
    ["1-bit palette", () => source().removeAlpha().png({ palette: true, colours: 2 })],
    ["palette with alpha", () => source().png({ palette: true, colours: 32 })],
    ["interlaced RGB and alpha", () => source().png({ progressive: true })],
    ["interlaced 16-bit RGB", () => rgb16().png({ progressive: true })],
  ])("reads %s as libvips does", async (_, make) => {
    const png = await make().toBuffer();
    const { pixels } = decodePng(png);
    const expected = await byLibvips(png);
    expect(pixels).toMatchObject({ width: 13, height: 9 });
    expect(pixels.data).toHaveLength(expected.data.length);
    // libvips cuts off where alpha and 16 bits end between two values; this rounds.
    pixels.data.forEach((value, i) => {
      expect(Math.abs(value - expected.data[i]!)).toBeLessThanOrEqual(1);
    });
  });

  it("lays the one transparent colour of an RGB picture on white", () => {
    const png = encodePng({ width: 2, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 1, 2, 4) });
    const key = { type: "tRNS", data: Uint8Array.of(0, 1, 0, 2, 0, 3) };
    const keyed = edit(png, ([header, ...rest]) => [header!, key, ...rest]);
    expect([...decodePng(keyed).pixels.data]).toEqual([255, 255, 255, 1, 2, 4]);
  });

  it("names what is no PNG, and what is cut off", () => {
    expect(() => decodePng(new TextEncoder().encode("notes"))).toThrow("not a PNG file");
    const png = encodePng(picture(20, 20));
    for (let length = 8; length < png.length; length++) {
      expect(() => decodePng(png.subarray(0, length))).toThrow("damaged or cut off");
    }
  });

  it("refuses 100 million pixels before there is memory for them", () => {
    const png = withHeader(encodePng(picture(2, 2)), (view) => {
      view.setUint32(0, 0xffffffff);
      view.setUint32(4, 0xffffffff);
    });
    expect(() => decodePng(png)).toThrow("4294967295 x 4294967295 pixels; pictures may have 100");
  });

  it("does not inflate more than the picture can need", () => {
    const noise = new Random(1, "noise");
    const data = Uint8ClampedArray.from({ length: 3 * 200 * 200 }, () => noise.integer(0, 255));
    const png = withHeader(encodePng({ width: 200, height: 200, data }), (view) => {
      view.setUint32(0, 1);
      view.setUint32(4, 1);
    });
    expect(() => decodePng(png)).toThrow("damaged");
  });

  it("makes no room for a picture that cannot be inside", () => {
    const png = withHeader(encodePng(picture(2, 2)), (view) => {
      view.setUint32(0, 10_000);
      view.setUint32(4, 10_000);
    });
    expect(() => decodePng(png)).toThrow("damaged");
  });

  it.each<[string, number, number]>([
    ["bit depth", 8, 3],
    ["colour type", 9, 5],
    ["palette without one", 9, 3],
    ["compression", 10, 1],
    ["filter method", 11, 1],
    ["interlacing", 12, 2],
    ["interlacing that it has not", 12, 1],
  ])("refuses a wrong %s", (_, offset, value) => {
    const png = withHeader(encodePng(picture(4, 4)), (view) => {
      view.setUint8(offset, value);
    });
    expect(() => decodePng(png)).toThrow("damaged");
  });

  it("gives a picture or a StudioError for any change of a file", async () => {
    const files = [
      encodePng(picture(6, 5), { a: "b", c: "猫" }),
      await source().png({ palette: true, colours: 16 }).toBuffer(),
      await source().png({ progressive: true }).toBuffer(),
    ].map((file) => Uint8Array.from(file));
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    const changes = fc.array(change, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...files), changes, fc.boolean(), (file, edits, repair) => {
        const apply = (bytes: Uint8Array): Uint8Array => {
          const copy = bytes.slice();
          for (const [at, value] of edits) if (copy.length > 0) copy[at % copy.length] = value;
          return copy;
        };
        // With its checksums repaired, a damage comes further.
        const damaged = repair
          ? edit(file, (chunks) => chunks.map(({ type, data }) => ({ type, data: apply(data) })))
          : apply(file);
        try {
          const { pixels } = decodePng(damaged);
          expect(pixels.data).toHaveLength(3 * pixels.width * pixels.height);
        } catch (error) {
          expect(error).toBeInstanceOf(StudioError);
          expect(error).toMatchObject({ code: "invalid-input" });
        }
      }),
      { seed: 1, numRuns: 3000 },
    );
  });
});
