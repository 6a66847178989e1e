/** @file The captions that merges are kept true to: enough of them, all different, and none of those that measure the outcome. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.dirname(import.meta.dirname);

function captions(file: string): string[] {
  const text = readFileSync(path.join(root, file), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text.slice(0, -1).split("\n");
}

const words = (lines: readonly string[]): Set<string> =>
  new Set(lines.flatMap((line) => line.toLowerCase().split(/[ ,]+/u)));

const toybox = captions("public/models/toybox-256/captions.txt");
const everyday = captions("public/captions/everyday.txt");
const heldOut = captions("tests/reference/captions-held-out.txt");

describe.each([
  ["toybox-256.txt", toybox, 1400, 500],
  ["everyday.txt", everyday, 2000, 2100],
  ["captions-held-out.txt", heldOut, 300, 250],
])("%s", (_, lines, count, vocabulary) => {
  it(`has ${count} different captions of ${vocabulary} words or more`, () => {
    expect(lines).toHaveLength(count);
    expect(new Set(lines).size).toBe(count);
    expect(words(lines).size).toBeGreaterThanOrEqual(vocabulary);
  });

  it("has plain text alone", () => {
    for (const line of lines) {
      expect(line).toMatch(/^[\x20-\x7e\u00c0-\u017f]+$/u);
      expect(line).toBe(line.trim());
      expect(line).not.toContain("  ");
      expect(line).not.toContain("<");
    }
  });
});

describe("everyday.txt", () => {
  it("has captions of 4 to 20 words, which fit any CLIP", () => {
    for (const line of everyday) {
      const count = line.split(" ").length;
      expect(count, line).toBeGreaterThanOrEqual(4);
      expect(count, line).toBeLessThanOrEqual(20);
    }
  });

  it("puts the right article before a vowel", () => {
    for (const line of everyday) {
      expect(line).not.toMatch(/\ba [aeio]\w|\ban [bcdfgjklmnpqrstvwyz]\w/u);
    }
  });
});

it("no caption is both held out and kept true to", () => {
  const known = new Set(toybox);
  expect(heldOut.filter((line) => known.has(line))).toEqual([]);
});
