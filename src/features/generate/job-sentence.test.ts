/** @file What a job is said to be doing. */
import { describe, expect, it } from "vitest";
import type { JobState } from "../../state/generation-store.ts";
import { jobPercentage, jobSentence } from "./job-sentence.ts";

const idle = { model: "open", training: false } as const;
const sampling = (done: number, millisecondsLeft: number | null): JobState => ({
  kind: "sampling",
  done,
  total: 20,
  millisecondsLeft,
});

describe("jobSentence", () => {
  it.each<[JobState, Parameters<typeof jobSentence>[1], string]>([
    [{ kind: "waiting" }, idle, "Waits for its turn."],
    [{ kind: "waiting" }, { ...idle, model: "opening" }, "Waits until the model is open."],
    [
      { kind: "waiting" },
      { ...idle, training: true },
      "Waits for the training run to finish or pause.",
    ],
    [{ kind: "preparing", what: "the model" }, idle, "Preparing: the model"],
    [sampling(1, null), idle, "Step 1 of 20"],
    [sampling(2, 5400), idle, "Step 2 of 20, about 5 s left"],
    [sampling(2, 54_400), idle, "Step 2 of 20, about 54 s left"],
    [sampling(19, 20), idle, "Step 19 of 20, about 1 s left"],
    [sampling(20, 0), idle, "Step 20 of 20"],
  ])("%o", (state, surroundings, sentence) => {
    expect(jobSentence(state, surroundings)).toBe(sentence);
  });
});

describe("jobPercentage", () => {
  it("is known while steps are counted, and before anything is done", () => {
    expect(jobPercentage(sampling(5, null))).toBe(25);
    expect(jobPercentage({ kind: "waiting" })).toBe(0);
    expect(jobPercentage({ kind: "preparing", what: null })).toBeNull();
  });
});
