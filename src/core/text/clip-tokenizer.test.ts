/** @file Prompts become the ids that transformers' CLIPTokenizer gives them; what does not fit is said. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { StudioError } from "../errors.ts";
import { CLIP_TOKENS, ClipTokenizer } from "./clip-tokenizer.ts";

const json = (path: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));

const folder = "public/models/toybox-256/tokenizer";
const tokenizer = new ClipTokenizer(
  json(`${folder}/tokenizer.json`),
  json(`${folder}/tokenizer_config.json`),
);

const { cases } = json("tests/reference/tokenizer-cases.json") as {
  readonly cases: readonly { prompt: string; ids: number[]; tokens: number }[];
};

describe("against transformers", () => {
  it.each(cases.map((test) => [test.prompt.slice(0, 40), test] as const))("%j", (_, test) => {
    const { cut, ids, kept } = tokenizer.encode(test.prompt);
    expect([...ids]).toEqual(test.ids);
    expect(kept).toBe(Math.min(test.tokens, CLIP_TOKENS - 2));
    expect(cut === null).toBe(test.tokens <= CLIP_TOKENS - 2);
  });
});

it("says what was cut off", () => {
  const { cut } = tokenizer.encode(`${"bear ".repeat(74)}beach sunset snow`);
  expect(cut).toBe("sunset snow");
});

it("knows ids of tokens as the vocabulary spells them", () => {
  expect(tokenizer.idOf("<|startoftext|>")).toBe(tokenizer.encode("").ids[0]);
  expect(tokenizer.idOf("bear</w>")).toBe(tokenizer.idsOf("bear")[0]);
  expect(tokenizer.idOf("bear on the beach")).toBe(undefined);
});

it("reads marks as older versions of transformers write them", () => {
  const config = json(`${folder}/tokenizer_config.json`) as Record<string, unknown>;
  const added = (content: unknown) => ({ __type: "AddedToken", content, lstrip: false });
  const older = new ClipTokenizer(json(`${folder}/tokenizer.json`), {
    ...config,
    bos_token: added(config["bos_token"]),
    eos_token: added(config["eos_token"]),
  });
  expect(older.encode("a bear")).toEqual(tokenizer.encode("a bear"));
});

it("refuses files that are no tokenizer", () => {
  for (const wrong of [null, {}, { model: { type: "BPE" } }]) {
    expect(() => new ClipTokenizer(wrong, {})).toThrow(StudioError);
  }
  const config = json(`${folder}/tokenizer_config.json`) as object;
  const unmarked = { ...config, bos_token: "<nothing>" };
  expect(() => new ClipTokenizer(json(`${folder}/tokenizer.json`), unmarked)).toThrow(
    "are not a CLIP tokenizer",
  );
});
