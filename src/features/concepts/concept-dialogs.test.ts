/** @file What the dialogs of a concept say before anything is made: sizes, errors, and formats that cannot hold it. */
import { describe, expect, it } from "vitest";
import { TRAIN_MODES } from "../../core/concept/concept.ts";
import { EXPORT_TARGETS } from "../../core/exchange/export-files.ts";
import { compressionFacts, isSmaller } from "./compression-facts.ts";
import { EXPORT_FORMATS, formatProblem } from "./export-formats.ts";

const choice = { keep: 0.6, bytes: 349_000, error: 0.2512, smallestRank: 7, largestRank: 18 };

describe("a share of the singular values", () => {
  it("is a size beside the one there is, what it leaves out, and its ranks", () => {
    expect(compressionFacts(choice, 2_200_000).map(({ value }) => value)).toEqual([
      "349 kB of 2.2 MB (16 %)",
      "25.1 % of the change",
      "7 to 18",
    ]);
    expect(compressionFacts({ ...choice, smallestRank: 18 }, 1).at(-1)?.value).toBe("18");
  });

  it("is no smaller where two thin matrices take as much room as the whole", () => {
    expect(isSmaller(choice, 349_001)).toBe(true);
    expect(isSmaller(choice, 349_000)).toBe(false);
  });
});

describe("formats of other tools", () => {
  it("are all offered, each with a name of its own and a sentence on who reads it", () => {
    expect(EXPORT_FORMATS.map(({ to }) => to)).toEqual(EXPORT_TARGETS);
    expect(new Set(EXPORT_FORMATS.map(({ label }) => label)).size).toBe(EXPORT_TARGETS.length);
    for (const { readers } of EXPORT_FORMATS) expect(readers).toMatch(/\.$/);
  });

  it("of factors cannot hold the face mode, and hold everything else", () => {
    const refused = TRAIN_MODES.flatMap((train) =>
      EXPORT_FORMATS.filter((format) => formatProblem(format, { train }) !== null).map(
        ({ to }) => `${train} ${to}`,
      ),
    );
    expect(refused).toEqual(["crossattn delta-compressed", "crossattn lora"]);
  });
});
