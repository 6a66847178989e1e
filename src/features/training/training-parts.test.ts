/** @file The pure parts of training's pages: smoothing, summaries, free words, times, presets, a run's real state. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LossBuffer } from "../../state/loss-buffer.ts";
import { freeToken } from "./free-token.ts";
import { lossCurves, summarise } from "./loss-curves.ts";
import { canResume, conditionSentence, runCondition } from "./run-condition.ts";
import { smooth, smoothingSpan } from "./smooth.ts";
import { presetOf, presetSteps } from "./step-presets.ts";
import { roughDuration } from "./time-left.ts";

describe("smooth", () => {
  it("leaves a constant as it is, from the first step on", () => {
    for (const value of smooth([0.2, 0.2, 0.2, 0.2], 10)) expect(value).toBeCloseTo(0.2, 12);
  });

  it("stays between the least and the greatest value so far", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 50 }),
        (values, span) => {
          smooth(values, span).forEach((value, i) => {
            const seen = values.slice(0, i + 1);
            expect(value).toBeGreaterThanOrEqual(Math.min(...seen) - 1e-9);
            expect(value).toBeLessThanOrEqual(Math.max(...seen) + 1e-9);
          });
        },
      ),
    );
  });

  it("has a gap before the first number and stands still where one is missing", () => {
    expect(smooth([NaN, 1, NaN], 5)).toEqual([null, 1, 1]);
  });

  it("looks back over a tenth of the run, within reason", () => {
    expect([20, 200, 5000].map(smoothingSpan)).toEqual([5, 20, 50]);
  });
});

describe("the summary of losses", () => {
  it("names both curves, and only the one there is", () => {
    const losses = new LossBuffer();
    expect(summarise(lossCurves(losses.columns(), 10))).toBe("No losses yet.");
    losses.append([{ step: 1, target: 0.5, regularisation: NaN }]);
    expect(summarise(lossCurves(losses.columns(), 10))).toBe(
      "Losses over 1 step, smoothed: target loss from 0.5000 to 0.5000.",
    );
    losses.append([{ step: 2, target: 0.5, regularisation: 0.25 }]);
    expect(summarise(lossCurves(losses.columns(), 10))).toMatch(
      /over 2 steps.*target.*, regularisation loss from 0\.2500 to 0\.2500\.$/,
    );
  });
});

describe("freeToken", () => {
  it.each([
    [[], "<new1>"],
    [["<new1>", "<new3>"], "<new2>"],
    [["<NEW1>", "<teddy>"], "<new2>"],
  ])("after %j comes %s", (used, token) => {
    expect(freeToken(used)).toBe(token);
  });
});

describe("roughDuration", () => {
  it.each([
    [500, "about 10 s"],
    [31_000, "about 40 s"],
    [60_000, "about 1 min"],
    [4.6 * 60_000, "about 5 min"],
    [59.4 * 60_000, "about 59 min"],
    [60 * 60_000, "about 1 h"],
    [82 * 60_000, "about 1 h 20 min"],
    [118 * 60_000, "about 2 h"],
  ])("%d ms are %s", (milliseconds, text) => {
    expect(roughDuration(milliseconds)).toBe(text);
  });
});

describe("step presets", () => {
  it("go around the model's default, and know their own numbers", () => {
    expect(presetSteps("quick", 250)).toBe(125);
    expect(presetOf(250, 250)).toBe("usual");
    expect(presetOf(500, 250)).toBe("thorough");
    expect(presetOf(123, 250)).toBeNull();
  });
});

describe("the real state of a run", () => {
  const run = { id: "a", status: "running" } as const;

  it.each([
    ["a", [], "training"],
    [null, ["a"], "elsewhere"],
    [null, [], "interrupted"],
    ["b", ["b"], "interrupted"],
  ] as const)("recorded as running, %s trains here and %j anywhere: %s", (active, held, state) => {
    expect(runCondition(run, active, new Set(held))).toBe(state);
  });

  it("is finished, whoever was seen to hold it last", () => {
    expect(runCondition({ id: "a", status: "finished" }, null, new Set(["a"]))).toBe("finished");
    expect(runCondition({ id: "a", status: "paused" }, null, new Set(["a"]))).toBe("elsewhere");
  });

  it("is what the record says where nobody trains it", () => {
    expect(runCondition({ id: "a", status: "paused" }, null, new Set())).toBe("paused");
    expect(canResume("failed")).toBe(true);
    expect(canResume("elsewhere")).toBe(false);
    expect(canResume("finished")).toBe(false);
  });

  it("says which step is kept", () => {
    const settings = { steps: 200 };
    expect(conditionSentence("interrupted", { step: 40, settings, error: null })).toContain(
      "Step 40 of 200 is kept.",
    );
    expect(conditionSentence("failed", { step: 0, settings, error: "No memory." })).toMatch(
      /^No memory\. No step is kept yet/,
    );
  });
});
