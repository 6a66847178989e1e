/** @file Options of `train` become settings: what is left out follows the family, rates keep their ratio, clipping can be left out. */
import { describe, expect, it } from "vitest";
import { defaultSettings } from "../core/train/settings.ts";
import { settingsOf } from "./train-settings.ts";

const SMALL = defaultSettings(256);
const LARGE = defaultSettings(768);

describe("settingsOf", () => {
  it("gives the family's defaults where no option is", () => {
    expect(settingsOf({}, SMALL)).toEqual(SMALL);
    expect(settingsOf({}, LARGE)).toEqual(LARGE);
  });

  it("lets the word's rate follow that of the projections unless it is given", () => {
    expect(settingsOf({ lr: "1e-3" }, SMALL).tokenLearningRate).toBe(2e-3);
    expect(settingsOf({ lr: "1e-5" }, LARGE).tokenLearningRate).toBe(1e-5);
    expect(settingsOf({ lr: "1e-3", tokenLr: "5e-4" }, SMALL).tokenLearningRate).toBe(5e-4);
  });

  it("clips at the norm that is given, at the family's, or not at all", () => {
    expect(settingsOf({ clip: "0.5" }, SMALL).maxGradientNorm).toBe(0.5);
    expect(settingsOf({ clip: "0.5" }, LARGE).maxGradientNorm).toBe(0.5);
    expect(settingsOf({ clip: false }, SMALL).maxGradientNorm).toBeNull();
    expect(() => settingsOf({ clip: "zero" }, SMALL)).toThrow(
      '--clip must be a number, not "zero".',
    );
  });

  it("takes passes that divide the batch", () => {
    expect(settingsOf({ batch: "6" }, SMALL)).toMatchObject({ batch: 6, microBatch: 3 });
    expect(settingsOf({ batch: "6" }, LARGE)).toMatchObject({ batch: 6, microBatch: 2 });
  });
});
