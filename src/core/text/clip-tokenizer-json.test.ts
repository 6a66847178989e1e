/** @file A tokenizer.json made of vocab.json and merges.txt is the one that transformers writes. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { clipTokenizerJson } from "./clip-tokenizer-json.ts";

const read = (name: string): string =>
  readFileSync(
    new URL(`../../../public/models/toybox-256/tokenizer/${name}`, import.meta.url),
    "utf8",
  );

it("equals transformers' own", () => {
  const made = clipTokenizerJson(read("vocab.json"), read("merges.txt"));
  expect(made).toEqual(JSON.parse(read("tokenizer.json")));
});

it.each([
  ["not json", read("merges.txt")],
  ["{}", read("merges.txt")],
  [read("vocab.json"), "#version: 0.2\nthree letters here\n"],
])("refuses files of another kind: %#", (vocab, merges) => {
  expect(() => clipTokenizerJson(vocab, merges)).toThrow(/not those of a CLIP tokenizer/);
});
