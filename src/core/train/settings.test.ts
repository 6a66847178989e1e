/** @file Settings: the defaults are the paper's and can be trained with; what cannot be is refused by its name. */
import { describe, expect, it } from "vitest";
import { checkSettings, defaultSettings, tokenRateFor, type TrainSettings } from "./settings.ts";

const DEFAULTS = defaultSettings(768);

describe("defaultSettings", () => {
  it.each([16, 96, 768, 1024])("can be trained with at text width %i", (width) => {
    checkSettings(defaultSettings(width));
  });

  it("are the paper's for Stable Diffusion: 250 steps, batch 8, 8e-5, no clipping", () => {
    expect(DEFAULTS).toMatchObject({
      train: "kv+token",
      steps: 250,
      batch: 8,
      learningRate: 8e-5,
      maxGradientNorm: null,
      augment: true,
      template: "photo of a {}",
    });
    expect(defaultSettings(1024)).toEqual(DEFAULTS);
  });

  it("for small models are those of the sweep: 200 steps, batch 4, 3e-4, the word at twice that, clipped", () => {
    expect(defaultSettings(256)).toMatchObject({
      steps: 200,
      batch: 4,
      learningRate: 3e-4,
      tokenLearningRate: 6e-4,
      maxGradientNorm: 0.04,
    });
  });

  it("the token's rate keeps its ratio to another rate of the projections", () => {
    expect(tokenRateFor(3e-4, defaultSettings(256))).toBe(6e-4);
    expect(tokenRateFor(1e-3, defaultSettings(256))).toBe(2e-3);
    expect(tokenRateFor(1e-5, DEFAULTS)).toBe(1e-5);
  });
});

describe("checkSettings", () => {
  const accepted: Partial<TrainSettings>[] = [
    { steps: 1, batch: 1, microBatch: 1, views: 1 },
    { batch: 6, microBatch: 3 },
    { batch: 5, microBatch: 5 },
    { learningRate: 1, tokenLearningRate: 1e-12 },
    { weightDecay: 0 },
    { weightDecay: 1 },
    { maxGradientNorm: 1e-6 },
    { seed: -1 },
    { seed: Number.MAX_SAFE_INTEGER },
    { template: "{}" },
    { train: "kv" },
    { train: "token" },
    { train: "crossattn" },
  ];
  it.each(accepted)("accepts %o", (change) => {
    checkSettings({ ...DEFAULTS, ...change });
  });

  /** How each setting is called in the refusal. */
  const refused: [RegExp, { readonly [K in keyof TrainSettings]?: unknown }][] = [
    [/^What to train must be one of .*"unet"/, { train: "unet" }],
    [/^The number of steps .* not 0\./, { steps: 0 }],
    [/^The number of steps .* not 1\.5\./, { steps: 1.5 }],
    [/^The number of steps .* not 100001\./, { steps: 100_001 }],
    [/^The number of steps .* not NaN\./, { steps: NaN }],
    [/^The batch /, { batch: 0 }],
    [/^The batch /, { batch: 65 }],
    [/^The micro-batch .* from 1 to 8, not 0\./, { microBatch: 0 }],
    [/^The micro-batch .* from 1 to 4, not 8\./, { batch: 4, microBatch: 8 }],
    [/^The batch of 8 .* micro-batches of 3;/, { batch: 8, microBatch: 3 }],
    [/^The learning rate must/, { learningRate: 0 }],
    [/^The learning rate must/, { learningRate: -1e-5 }],
    [/^The learning rate must/, { learningRate: NaN }],
    [/^The learning rate must/, { learningRate: Infinity }],
    [/^The learning rate of the token /, { tokenLearningRate: 0 }],
    [/^The learning rate of the token /, { tokenLearningRate: 2 }],
    [/^The weight decay /, { weightDecay: -0.1 }],
    [/^The weight decay /, { weightDecay: 1.1 }],
    [/^The weight decay /, { weightDecay: NaN }],
    [/^The gradient norm /, { maxGradientNorm: 0 }],
    [/^The gradient norm /, { maxGradientNorm: NaN }],
    [/^The seed /, { seed: 0.5 }],
    [/^The seed /, { seed: 2 ** 53 }],
    [/^The number of views /, { views: 0 }],
    [/^The number of views /, { views: 257 }],
    [/^The caption template .*\{\}/, { template: "photo of a bear" }],
  ];
  it.each(refused)("%s", (sentence, change) => {
    const settings = { ...DEFAULTS, ...change } as TrainSettings;
    const refusal = { code: "invalid-input", message: expect.stringMatching(sentence) as string };
    expect(() => {
      checkSettings(settings);
    }).toThrow(expect.objectContaining(refusal) as Error);
  });

  it("has a refusal for every setting but the one that is yes or no", () => {
    const named = new Set(refused.flatMap(([, change]) => Object.keys(change)));
    const all = Object.keys(DEFAULTS).filter((name) => name !== "augment");
    expect([...named].sort()).toEqual(all.sort());
  });
});
