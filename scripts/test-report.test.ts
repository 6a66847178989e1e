/** @file Counting tests: nothing passes by being skipped, by not loading, or by not running. */
import { describe, expect, it } from "vitest";
import { countPlaywright, countVitest, settle } from "./test-report.mjs";

const tests = (...statuses: string[]) => statuses.map((status) => ({ status }));

describe("countVitest", () => {
  it("counts tests over files", () => {
    const testResults = [
      { status: "passed", assertionResults: tests("passed", "passed", "skipped") },
      { status: "failed", assertionResults: tests("failed", "passed", "todo") },
    ];
    expect(countVitest({ testResults })).toEqual({ passed: 3, failed: 1, skipped: 2 });
  });

  it("counts a file that failed before its tests as one failure", () => {
    const testResults = [
      { status: "failed", assertionResults: [] },
      { status: "failed", assertionResults: tests("skipped") },
    ];
    expect(countVitest({ testResults })).toEqual({ passed: 0, failed: 2, skipped: 1 });
  });
});

describe("countPlaywright", () => {
  it("does not take a test that passed only when repeated for a pass", () => {
    const stats = { expected: 4, unexpected: 1, flaky: 2, skipped: 3 };
    expect(countPlaywright({ stats })).toEqual({ passed: 4, failed: 3, skipped: 3 });
  });
});

describe("settle", () => {
  const good = { passed: 2, failed: 0, skipped: 0 };

  it("keeps a good count", () => {
    expect(settle(good, true)).toEqual(good);
  });

  it("fails a tier without a report or without tests", () => {
    expect(settle(null, false).failed).toBe(1);
    expect(settle({ passed: 0, failed: 0, skipped: 0 }, true).failed).toBe(1);
  });

  it("fails a tier that skipped everything, unless that was asked for", () => {
    const skipped = { passed: 0, failed: 0, skipped: 3 };
    expect(settle(skipped, true).failed).toBe(1);
    expect(settle(skipped, true, true)).toEqual(skipped);
  });

  it("fails a tier whose runner ended badly although every test passed", () => {
    expect(settle(good, false)).toEqual({ passed: 2, failed: 1, skipped: 0 });
  });
});
