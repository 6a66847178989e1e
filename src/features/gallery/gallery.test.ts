/** @file The gallery's pure parts: filters, file names, how an image was made and how two differ. */
import { describe, expect, it } from "vitest";
import type { ImageRecord } from "../../state/gallery.ts";
import { imageFileName, slugOf } from "./file-name.ts";
import { conceptsOf, filterImages, NO_CONCEPT } from "./filter-images.ts";
import { usedConcepts } from "../../core/image/image-settings.ts";
import { compareFacts, imageFacts } from "./image-facts.ts";

function image(
  id: string,
  createdAt: number,
  settings: Partial<ImageRecord["settings"]> = {},
): ImageRecord {
  return {
    version: 1,
    id,
    createdAt,
    width: 256,
    height: 256,
    png: new Blob(),
    settings: {
      prompt: "photo of a bear",
      negativePrompt: "",
      sampler: "dpmpp-2m",
      steps: 20,
      guidance: 4.5,
      eta: 0,
      seed: 41,
      model: { id: "toybox-256", fingerprint: "f" },
      concepts: [],
      backend: "wasm",
      ...settings,
    },
  };
}
const teddy = { id: "t", name: "Teddy", token: "<new1>", category: "bear", strength: 1 };

describe("filterImages", () => {
  const all = [
    image("c", 3, { prompt: "a <new1> bear at night", concepts: [teddy] }),
    image("b", 2, { prompt: "Photo of a CAT at night", seed: 77 }),
    image("a", 1),
  ];
  const ids = (text: string, concept: string | null = null): string[] =>
    filterImages(all, { text, concept }).map(({ id }) => id);

  it("finds every word, in any order and case, in prompts, names and seeds", () => {
    expect(ids("")).toEqual(["c", "b", "a"]);
    expect(ids("NIGHT photo")).toEqual(["b"]);
    expect(ids("<new1>")).toEqual(["c"]);
    expect(ids("teddy")).toEqual(["c"]);
    expect(ids(" 77 ")).toEqual(["b"]);
    expect(ids("day")).toEqual([]);
  });

  it("goes by concept, and by none", () => {
    expect(ids("", "t")).toEqual(["c"]);
    expect(ids("", NO_CONCEPT)).toEqual(["b", "a"]);
    expect(ids("cat", NO_CONCEPT)).toEqual(["b"]);
    expect(ids("cat", "t")).toEqual([]);
  });

  it("offers the concepts that images have, under their newest names", () => {
    const renamed = image("d", 4, { concepts: [{ ...teddy, name: "Ted" }] });
    const cat = image("e", 0, { concepts: [{ ...teddy, id: "k", name: "Cat" }] });
    expect(conceptsOf([renamed, ...all, cat])).toEqual([
      { id: "k", name: "Cat" },
      { id: "t", name: "Ted" },
    ]);
  });
});

describe("imageFileName", () => {
  it.each([
    ["Photo of a <new1> bear, at night!", "photo-of-a-new1-bear-at-night"],
    ["Öl & Wasser / 水彩画", "öl-wasser-水彩画"],
    ["../../etc", "etc"],
    ["!?", "image"],
    ["", "image"],
    ["long ".repeat(40), "long-long-long-long-long-long-long-long-long-long-long-long"],
  ])("%s", (prompt, slug) => {
    expect(slugOf(prompt)).toBe(slug);
  });

  it("numbers images of one name from the oldest", () => {
    const all = [image("c", 3), image("x", 2, { prompt: "a cat" }), image("a", 1)];
    expect(all.map((one) => imageFileName(one, all))).toEqual([
      "photo-of-a-bear-2.png",
      "a-cat-1.png",
      "photo-of-a-bear-1.png",
    ]);
  });
});

describe("facts", () => {
  it("says how an image was made", () => {
    const facts = imageFacts(
      image("a", 1, { sampler: "ddim", eta: 0.5, concepts: [{ ...teddy, strength: 0.8 }] }),
    );
    const value = (name: string) => facts.find((fact) => fact.name === name)?.value;
    expect(value("Sampler")).toBe("DDIM, eta 0.5");
    expect(value("Concept")).toBe("Teddy (<new1> bear) at 0.80");
    const wordless = image("b", 1, {
      concepts: usedConcepts({ id: "s", name: "Style", strength: 1, tokens: [] }),
    });
    expect(imageFacts(wordless)).toContainEqual({ name: "Concept", value: "Style at 1.00" });
    expect(value("Negative prompt")).toBe("none");
  });

  it("puts what differs between two first", () => {
    const facts = compareFacts(image("a", 1), image("b", 1, { seed: 42, steps: 4 }));
    expect(facts.slice(0, 2)).toEqual([
      { name: "Seed", values: ["41", "42"], differs: true },
      { name: "Steps", values: ["20", "4"], differs: true },
    ]);
    expect(facts.slice(2).some(({ differs }) => differs)).toBe(false);
  });
});
