/** @file What a model's configuration says against it, before it is downloaded. */
import { expect, it } from "vitest";
import { canUse } from "./model-facts.ts";

const facts = { bytes: 2e9, unetWeightBytes: 1.7e9, halfPrecision: true };

it.each([
  [{ in_channels: 4, cross_attention_dim: 768 }],
  [{ cross_attention_dim: 1024, addition_embed_type: null }],
  [null],
  ["no object"],
])("lets %j through", (unetConfig) => {
  expect(canUse({ ...facts, unetConfig })).toBeNull();
});

it.each([
  [{ in_channels: 4, addition_embed_type: "text_time" }, /Stable Diffusion XL family/],
  [{ in_channels: 9 }, /takes 9 channels, as models for inpainting/],
])("refuses %j with a sentence", (unetConfig, sentence) => {
  const obstacle = canUse({ ...facts, unetConfig });
  expect(obstacle?.kind).toBe("refused");
  expect(obstacle?.sentence).toMatch(sentence);
});
