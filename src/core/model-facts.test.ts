/** @file What a model's configuration says against it, before it is downloaded. */
import { expect, it } from "vitest";
import { canUse, modelSize } from "./model-facts.ts";
import type { PlanDevice } from "./plan/choices.ts";
import { prospects } from "./plan/painting.ts";

const facts = { bytes: 2e9, unetWeightBytes: 1.7e9, halfPrecision: true, unetParameters: null };

it.each([
  [{ in_channels: 4, cross_attention_dim: 768 }],
  [{ cross_attention_dim: 1024, addition_embed_type: null }],
  [null],
  ["no object"],
])("lets %j through", (unetConfig) => {
  expect(canUse({ ...facts, unetConfig }, null)).toBeNull();
});

it.each([
  [{ in_channels: 4, addition_embed_type: "text_time" }, /Stable Diffusion XL family/],
  [{ in_channels: 9 }, /takes 9 channels, as models for inpainting/],
])("refuses %j with a sentence", (unetConfig, sentence) => {
  const obstacle = canUse({ ...facts, unetConfig }, null);
  expect(obstacle?.kind).toBe("refused");
  expect(obstacle?.sentence).toMatch(sentence);
});

/** Stable Diffusion 1.5 in float16 as diffusers' files have it: UNet, text encoder, VAE. */
const SD15 = {
  bytes: 2 * (859_520_964 + 123_060_480 + 83_653_863),
  unetWeightBytes: 2 * 859_520_964,
  halfPrecision: null,
  unetParameters: 859_520_964,
  unetConfig: { in_channels: 4, cross_attention_dim: 768 },
};
const gpu = (half: boolean, budget: number): PlanDevice => ({
  ...{ backend: "webgpu", half, budget },
  ...{ largestBuffer: 2 ** 31, attentionBytes: undefined },
});
const HEAP: PlanDevice = { ...gpu(false, 4 * 2 ** 30 - 2 ** 27), backend: "wasm" };

it("takes the size from the configuration, or else from the files", () => {
  expect(modelSize(SD15).unet).toBe(859_520_964);
  expect(modelSize(SD15).all).toBeCloseTo(859_520_964 + 123_060_480 + 83_653_863, 0);
  const unknown = { ...SD15, unetParameters: null };
  expect(modelSize(unknown).unet).toBe(859_520_964);
  expect(modelSize({ ...unknown, halfPrecision: false }).unet).toBe(859_520_964 / 2);
});

it("refuses Stable Diffusion without a GPU before it is downloaded, trained or painted with", () => {
  const seen = prospects(modelSize(SD15), HEAP);
  expect(seen.training).toMatch(
    /Training with this model takes at least 6\.5 GB in float32.*WebGPU/,
  );
  expect(seen.painting).toMatch(/Painting .* WebAssembly, which computes here, has 4\.2 GB/);
  expect(canUse(SD15, seen)).toMatchObject({ kind: "refused" });
});

it("lets a GPU with float16 have it, and says where only painting is possible", () => {
  expect(canUse(SD15, prospects(modelSize(SD15), gpu(true, 8e9)))).toBeNull();
  const obstacle = canUse(SD15, prospects(modelSize(SD15), gpu(true, 3e9)));
  expect(obstacle).toMatchObject({ kind: "limited" });
  expect(obstacle?.sentence).toMatch(
    /Training .* float16, more than the 3\.0 GB .* It can paint\.$/,
  );
});
