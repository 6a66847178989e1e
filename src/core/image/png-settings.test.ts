/** @file Settings in PNG files: any prompt comes back, other programs can read them, damage is named. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SAMPLERS } from "../diffusion/sampler.ts";
import { StudioError } from "../errors.ts";
import type { ImageSettings } from "./image-settings.ts";
import { decodePng, encodePng } from "./png.ts";
import { joinChunks, readChunks } from "./png-chunks.ts";
import { encodeImage, readImageSettings } from "./png-settings.ts";

const pixels = { width: 2, height: 3, data: new Uint8ClampedArray(18).fill(7) };

const settings: ImageSettings = {
  prompt: "photo of a <new1> bear, by the sea",
  negativePrompt: "",
  sampler: "dpmpp-2m",
  steps: 20,
  guidance: 7.5,
  eta: 0,
  seed: 4_294_967_295,
  model: { id: "toybox-256", fingerprint: "abc" },
  concepts: [{ id: "1", name: "Bär", token: "<new1>", category: "bear", strength: 0.8 }],
  backend: "wasm",
};

const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }));

describe("settings in a PNG file", () => {
  it("come back with the pixels unchanged, whatever the prompt", () => {
    const any = fc.record({
      prompt: anyText,
      negativePrompt: anyText,
      sampler: fc.constantFrom(...SAMPLERS),
    });
    fc.assert(
      fc.property(any, (changes) => {
        const png = encodeImage(pixels, { ...settings, ...changes });
        expect(readImageSettings(png)).toEqual({ ...settings, ...changes });
        expect(decodePng(png).pixels).toEqual(pixels);
      }),
      { seed: 1 },
    );
  });

  it("are written as AUTOMATIC1111 writes them, too", () => {
    const { text } = decodePng(encodeImage(pixels, settings));
    expect(text["parameters"]).toBe(
      "photo of a <new1> bear, by the sea\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 7.5, " +
        "Seed: 4294967295, Size: 2x3, Model: toybox-256",
    );
    const other = {
      ...settings,
      prompt: "ein Bär 🐻",
      negativePrompt: "blurry",
      sampler: "ddim",
      eta: 0.5,
      model: { id: "https://a.b/c, d", fingerprint: "" },
    } as const;
    expect(decodePng(encodeImage(pixels, other)).text["parameters"]).toBe(
      "ein Bär 🐻\nNegative prompt: blurry\nSteps: 20, Sampler: DDIM, CFG scale: 7.5, " +
        'Seed: 4294967295, Size: 2x3, Model: "https://a.b/c, d", Eta: 0.5',
    );
  });

  it("are pure ASCII, which tEXt can hold", () => {
    const png = encodeImage(pixels, { ...settings, prompt: "猫" });
    const chunks = [...readChunks(png)].filter(({ type }) => type.endsWith("t"));
    expect(chunks.map(({ type }) => type)).toEqual(["iTXt", "tEXt"]);
    expect(chunks[1]!.data.every((byte) => byte < 128)).toBe(true);
  });

  it("are null in a PNG of another program, and need no pixels", () => {
    expect(readImageSettings(encodePng(pixels, { parameters: "a cat\nSteps: 1" }))).toBeNull();
    const chunks = [...readChunks(encodeImage(pixels, settings))];
    const emptied = joinChunks(
      chunks.map(({ type, data }) => ({ type, data: type === "IDAT" ? new Uint8Array() : data })),
    );
    expect(readImageSettings(emptied)).toEqual(settings);
  });

  it.each(["{", "null", '{"prompt":1}', JSON.stringify({ ...settings, steps: 1e9 })])(
    "are refused where they are damaged: %s",
    (json) => {
      const png = encodePng(pixels, { "custom-diffusion-studio": json });
      expect(() => readImageSettings(png)).toThrow(/damaged/);
    },
  );

  it("are read, absent or refused in a StudioError for any change of a file", () => {
    const file = encodeImage(pixels, settings);
    const change = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: file.length }),
        (edits, length) => {
          const damaged = file.slice(0, length % 3 === 0 ? length : file.length);
          for (const [at, value] of edits) if (at < damaged.length) damaged[at] = value;
          try {
            readImageSettings(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(StudioError);
          }
        },
      ),
      { seed: 1, numRuns: 3000 },
    );
  });
});
