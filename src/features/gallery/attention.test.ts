/** @file An image is sampled again with what it was painted with, or a sentence says what is missing; maps in words. */
import { describe, expect, it } from "vitest";
import type { ImageSettings } from "../../core/image/image-settings.ts";
import { attentionRequest } from "./attention-request.ts";
import { hottestPlace, ownWord, percent } from "./attention-words.ts";

const SETTINGS: ImageSettings = {
  prompt: "photo of a <new1> bear",
  negativePrompt: "",
  sampler: "ddim",
  steps: 20,
  guidance: 4.5,
  eta: 0,
  seed: 3,
  model: { id: "toybox-256", fingerprint: "a" },
  concepts: [{ id: "1", name: "Teddy", token: "<new1>", category: "bear", strength: 0.8 }],
  backend: "wasm",
};
const HERE = {
  model: { id: "toybox-256", fingerprint: "a" },
  concepts: new Set(["1", "2"]),
  training: false,
};
const WAY = {
  prompt: "photo of a <new1> bear",
  ...{ negativePrompt: "", sampler: "ddim", steps: 20, guidance: 4.5, eta: 0, seed: 3 },
};

describe("an image", () => {
  it("of one concept, of the base model, and of merged ones is asked for as it was painted", () => {
    expect(attentionRequest(SETTINGS, HERE)).toEqual({
      kind: "ready",
      request: { ...WAY, concept: { id: "1", strength: 0.8 } },
    });
    expect(attentionRequest({ ...SETTINGS, concepts: [] }, HERE)).toEqual({
      kind: "ready",
      request: { ...WAY, concept: null },
    });
    const [own] = SETTINGS.concepts;
    // The second has two words.
    const other = { ...own!, id: "2", strength: 1 };
    const merged: ImageSettings = {
      ...SETTINGS,
      concepts: [own!, { ...other, token: "<new2>" }, { ...other, token: "<new3>" }],
      composition: { kind: "merged" },
    };
    const concepts = [
      { id: "1", strength: 0.8 },
      { id: "2", strength: 1 },
    ];
    expect(attentionRequest(merged, HERE)).toEqual({
      kind: "ready",
      request: { ...WAY, concept: null, blend: { kind: "merged", concepts } },
    });
  });

  it.each([
    ["composed concepts", { composition: { kind: "solved" } }, {}, /combined at each step/],
    ["another model", { model: { id: "nano", fingerprint: "b" } }, {}, /another model \(nano\)/],
    ["a concept that is gone", {}, { concepts: new Set(["2"]) }, /“Teddy” .* not in the studio/],
    ["a training run", {}, { training: true }, /training run/],
  ] as const)("with %s is refused in a sentence", (_, settings, here, sentence) => {
    const looked = attentionRequest({ ...SETTINGS, ...settings }, { ...HERE, ...here });
    expect(looked.kind === "not-now" ? looked.sentence : "").toMatch(sentence);
  });

  it("waits while the model opens and concepts are read", () => {
    const waiting = { kind: "not-now", sentence: null };
    expect(attentionRequest(SETTINGS, { ...HERE, model: null })).toEqual(waiting);
    expect(attentionRequest(SETTINGS, { ...HERE, concepts: null })).toEqual(waiting);
  });
});

describe("a map in words", () => {
  it("says where it is largest, and how large", () => {
    const heat = (at: number) =>
      Float32Array.from({ length: 36 }, (_, i) => (i === at ? 0.2 : 0.1));
    expect(hottestPlace(heat(0), 6, 6)).toBe("at the top left");
    expect(hottestPlace(heat(5), 6, 6)).toBe("at the top right");
    expect(hottestPlace(heat(14), 6, 6)).toBe("in the middle");
    expect(hottestPlace(heat(33), 6, 6)).toBe("at the bottom");
    expect(hottestPlace(heat(35), 6, 6)).toBe("at the bottom right");
    expect([0.20683, 0.0934, 0.008].map(percent)).toEqual(["21 %", "9.3 %", "0.8 %"]);
  });

  it("begins with the concept's word", () => {
    const words = ["a", "<NEW1>", "bear"].map((text) => ({ text, heat: new Float32Array(4) }));
    expect(ownWord(words, ["<new2>", "<new1>"])).toBe(1);
    expect(ownWord(words, [])).toBe(null);
  });
});
