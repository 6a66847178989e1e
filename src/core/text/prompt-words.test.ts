/** @file Every token of a prompt belongs to one piece of it, whatever is written; words are what people would call so. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CLIP_TOKENS, ClipTokenizer } from "./clip-tokenizer.ts";
import { PromptTokenizer } from "./modifier-tokens.ts";
import { cutIntoPieces } from "./prompt-words.ts";

const json = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));

const folder = "public/models/toybox-256/tokenizer";
const clip = new ClipTokenizer(
  json(`${folder}/tokenizer.json`),
  json(`${folder}/tokenizer_config.json`),
);
const tokenizer = new PromptTokenizer(clip, 2086, ["<new1>"]);
const idsOf = (text: string): number[] => clip.idsOf(text);
const wordsOf = (prompt: string) => tokenizer.words(prompt);

const { cases } = json("tests/reference/tokenizer-cases.json") as {
  readonly cases: readonly { prompt: string; tokens: number }[];
};

function expectWhole(text: string): void {
  const counts = cutIntoPieces(text, idsOf).map(({ tokens }) => tokens);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(idsOf(text).length);
}

describe("pieces", () => {
  it.each(cases.map(({ prompt }) => [prompt.slice(0, 40), prompt] as const))(
    "of %j have all of its tokens",
    (_, prompt) => expectWhole(prompt),
  );

  it("of any text have all of its tokens", () => {
    const written = fc.stringMatching(/^[a-c's.,(!\- <|>éß9\n]{0,20}$/u);
    fc.assert(fc.property(written, expectWhole), { numRuns: 500 });
  });
});

describe("words", () => {
  it("are V* as one, words of several tokens as one, and no punctuation", () => {
    const words = wordsOf("Photo of a <NEW1> bear, xylophones!");
    expect(words.map(({ text }) => text)).toEqual([
      ...["Photo", "of", "a", "<new1>", "bear", "xylophones"],
    ]);
    const { ids } = tokenizer.encode("Photo of a <NEW1> bear, xylophones!");
    const tokensOf = (text: string) =>
      words.find((word) => word.text === text)!.positions.map((position) => ids[position]!);
    expect(tokensOf("<new1>")).toEqual([2086]);
    expect(tokensOf("bear")).toEqual(idsOf("bear"));
    expect(tokensOf("xylophones")).toEqual(idsOf("xylophones"));
    expect(tokensOf("xylophones").length).toBeGreaterThan(1);
  });

  it("keep what belongs together", () => {
    const texts = wordsOf("the bear's <new1>'s t-shirt (big) 'strong").map(({ text }) => text);
    // CLIP reads "'s" and "trong".
    expect(texts).toEqual(["the", "bear's", "<new1>", "'s", "t-shirt", "big", "'strong"]);
  });

  it("that do not fit are left out", () => {
    const words = wordsOf(`${"bear ".repeat(74)}beach sunset`);
    expect(words).toHaveLength(75);
    expect(words.at(-1)).toEqual({ text: "beach", positions: [CLIP_TOKENS - 2] });
    expect(wordsOf(" ")).toEqual([]);
  });
});
