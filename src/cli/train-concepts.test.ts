/** @file Options of several concepts: they go by order, and a sentence says where they do not add up. */
import { describe, expect, it } from "vitest";
import { plannedConcepts } from "./train-concepts.ts";

const PAIR = { images: ["a", "b"], category: ["bear", "dog"] };

describe("the concepts to train", () => {
  it("are one with the defaults", () => {
    expect(plannedConcepts({ images: ["a"], category: ["bear"] })).toEqual([
      {
        images: "a",
        category: "bear",
        token: "<new1>",
        regularisation: { kind: "generate", count: 40 },
      },
    ]);
  });

  it("take their options in order", () => {
    const given = { ...PAIR, token: ["<x>", "<y>"], reg: ["reg/a", "none"] };
    expect(plannedConcepts(given)).toEqual([
      {
        images: "a",
        category: "bear",
        token: "<x>",
        regularisation: { kind: "folder", folder: "reg/a" },
      },
      { images: "b", category: "dog", token: "<y>", regularisation: { kind: "none" } },
    ]);
  });

  it("share one --reg that is no folder, and get words of their own", () => {
    const concepts = plannedConcepts({ ...PAIR, reg: ["generate:8"] });
    expect(concepts.map(({ token }) => token)).toEqual(["<new1>", "<new2>"]);
    for (const { regularisation } of concepts) {
      expect(regularisation).toEqual({ kind: "generate", count: 8 });
    }
  });

  it.each([
    ["no photos", { category: ["bear"] }, /--images is missing/],
    ["no category", { images: ["a"] }, /--category is missing/],
    ["one category for two", { ...PAIR, category: ["bear"] }, /2 times and --category 1 times/],
    ["one token for two", { ...PAIR, token: ["<x>"] }, /--token 1 times/],
    ["one folder for two", { ...PAIR, reg: ["reg/a"] }, /--reg 1 times/],
    ["a token twice", { ...PAIR, token: ["<x>", "<x>"] }, /<x> is given twice/],
    ["a word as token", { ...PAIR, token: ["<x>", "bear"] }, /<bear>/],
  ])("%s: refused", (_, options, sentence) => {
    expect(() => plannedConcepts(options)).toThrow(sentence);
  });
});
