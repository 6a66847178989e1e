/** @file Steps that are left out are counted, and end a run where nothing else comes. */
import { expect, it } from "vitest";
import { LeftOut } from "./left-out.ts";

const steps = (leftOut: LeftOut, pattern: string): void => {
  for (const [i, step] of pattern.split("").entries()) {
    leftOut.add({ step: i + 1, skipped: step === "x" });
  }
};

it("counts on from a checkpoint, and bears many that are not in a row", () => {
  const leftOut = new LeftOut("float16", 3);
  steps(leftOut, `${"x".repeat(23)}.${"x".repeat(23)}.`);
  expect(leftOut.count).toBe(49);
});

it.each([
  ["float16", /^Training stopped at step 25: .* 24 steps in a row .* train it in float32\.$/],
  ["float32", /lower learning rate\.$/],
] as const)("ends a run in %s with what to do", (precision, sentence) => {
  const run = () => {
    steps(new LeftOut(precision, 0), `.${"x".repeat(24)}`);
  };
  expect(run).toThrow(sentence);
  expect(run).toThrow(expect.objectContaining({ code: "session-failed" }) as Error);
});
