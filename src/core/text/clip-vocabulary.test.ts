/** @file CLIP's own tokenizer, made of the merges that come with the app, gives the ids that CLIP is known by. */
import { gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { readFixture } from "../../../tests/support/fixture.ts";
import { clipTokenizerConfig } from "../build/published-configs.ts";
import { clipTokenizerJson } from "./clip-tokenizer-json.ts";
import { ClipTokenizer } from "./clip-tokenizer.ts";
import { clipVocabulary } from "./clip-vocabulary.ts";

it("has 49,408 tokens, each at its place", async () => {
  const merges = gunzipSync(await readFixture("public/tokenizers/clip/merges.txt.gz")).toString();
  const vocabulary = clipVocabulary(merges);
  expect(Object.keys(vocabulary)).toHaveLength(49_408);
  // Of openai/clip-vit-large-patch14's vocab.json.
  expect(vocabulary).toMatchObject({
    "!": 0,
    "a</w>": 320,
    "photo</w>": 1125,
    "cat</w>": 2368,
    "<|startoftext|>": 49_406,
    "<|endoftext|>": 49_407,
  });
  const json = clipTokenizerJson(JSON.stringify(vocabulary), merges);
  const first = new ClipTokenizer(json, clipTokenizerConfig(false)).encode("A photo of a cat");
  expect([...first.ids.subarray(0, 8)]).toEqual([49406, 320, 1125, 539, 320, 2368, 49407, 49407]);
  // Stable Diffusion 2.x fills up with zeros.
  const second = new ClipTokenizer(json, clipTokenizerConfig(true)).encode("a photo of a cat");
  expect([...second.ids.subarray(5, 9)]).toEqual([2368, 49407, 0, 0]);
});
