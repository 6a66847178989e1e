/** @file Phrases of concepts in prompts: found in any case, put in with spaces, taken out whole. */
import { describe, expect, it } from "vitest";
import { findPhrases, insertPhrase, phraseBefore } from "./prompt-phrases.ts";

const bear = { tokens: [{ token: "<new1>", category: "bear" }] };
const vase = { tokens: [{ token: "<new2>", category: "flower vase" }] };

const pieces = (prompt: string, concepts = [bear, vase]): string[] =>
  findPhrases(prompt, concepts).map(({ start, end }) => prompt.slice(start, end));

describe("findPhrases", () => {
  it.each([
    ["photo of a <new1> bear on the beach", ["<new1> bear"]],
    ["<NEW1>  Bear, and a <new2> flower vase", ["<NEW1>  Bear", "<new2> flower vase"]],
    // The category has to be the whole word that follows.
    ["a <new1> bearskin", ["<new1>"]],
    ["a <new1>bear", ["<new1>"]],
    ["a <new2> flower", ["<new2>"]],
    ["a <new1>", ["<new1>"]],
    ["a < new1 > bear, 1 < 2, <>", []],
  ])("%s", (prompt, found) => {
    expect(pieces(prompt)).toEqual(found);
  });

  it("takes the longest category where concepts share a token", () => {
    const polar = { tokens: [{ token: "<new1>", category: "bear cub" }] };
    expect(pieces("a <new1> bear cub", [bear, polar])).toEqual(["<new1> bear cub"]);
  });

  it("says which words nobody knows", () => {
    const found = findPhrases("a <new1> bear and a <new9> cat", [bear]);
    expect(found.map(({ token, known }) => [token, known])).toEqual([
      ["<new1>", true],
      ["<new9>", false],
    ]);
  });
});

describe("insertPhrase", () => {
  it.each([
    ["", "<new1> bear|"],
    ["photo of a|", "photo of a <new1> bear|"],
    ["photo of a | on the beach", "photo of a <new1> bear| on the beach"],
    ["photo of a| on the beach", "photo of a <new1> bear| on the beach"],
    ["photo of a |on the beach", "photo of a <new1> bear| on the beach"],
    ["photo of a |, at night", "photo of a <new1> bear|, at night"],
    ["photo of a [dog] on the beach", "photo of a <new1> bear| on the beach"],
  ])("%s → %s", (before, after) => {
    const start = Math.max(0, before.search(/[[|]/u));
    const end = before.includes("]") ? before.indexOf("]") - 1 : start;
    const plain = before.replace(/[[\]|]/gu, "");
    const { prompt, caret } = insertPhrase(plain, { start, end }, "<new1> bear");
    expect(`${prompt.slice(0, caret)}|${prompt.slice(caret)}`).toBe(after);
  });
});

describe("phraseBefore", () => {
  it.each([
    ["photo of a <new1> bear| on the beach", "photo of a on the beach"],
    ["photo of a <new1> bear|", "photo of a"],
    ["<new1> bear| on the beach", " on the beach"],
    ["a <new1> bear|, at night", "a , at night"],
  ])("Backspace in %s leaves %s", (text, left) => {
    const caret = text.indexOf("|");
    const prompt = text.replace("|", "");
    const range = phraseBefore(prompt, caret, findPhrases(prompt, [bear]));
    expect(range).not.toBeNull();
    expect(prompt.slice(0, range!.start) + prompt.slice(range!.end)).toBe(left);
  });

  it.each([["a <new1> bea|r"], ["a <new1> bear |on"], ["a <new9> cat|"], ["a <new9>|"]])(
    "takes one letter only in %s",
    (text) => {
      const prompt = text.replace("|", "");
      expect(phraseBefore(prompt, text.indexOf("|"), findPhrases(prompt, [bear]))).toBeNull();
    },
  );
});
