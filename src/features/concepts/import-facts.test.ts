/** @file The card of a concept file: what it lists, and what it says of the models and words that are here. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeConcept } from "../../core/concept/concept-file.ts";
import { inspectConceptFile } from "../../state/concept-files.ts";
import { importFacts, importRemarks } from "./import-facts.ts";

const golden = readFileSync(
  new URL("../../../tests/reference/concept-v1.concept.safetensors", import.meta.url),
);
const summary = describeConcept(golden);

describe("the card of a concept file", () => {
  it("lists what is inside, and only metrics that are numbers", () => {
    const facts = importFacts({ ...summary, metrics: { steps: 20, targetLoss: "low" } });
    const values = new Map(facts.map(({ name, value }) => [name, value]));
    expect(values.get("Word and kind of thing")).toBe("<new1> bear, <Bär> plush toy");
    expect(values.get("Base model")).toBe("tiny");
    expect(values.get("What was trained")).toBe("All of cross-attention and the word");
    expect(values.get("Size")).toMatch(/^\d\.\d kB, \d+ weights changed$/);
    expect(values.get("Steps")).toBe("20");
    expect(values.size).toBe(5);
  });

  it("says whether it fits the open model", () => {
    const own = { fingerprint: summary.baseModel.fingerprint, name: "Tiny" };
    expect(importRemarks(summary, [], own)).toEqual([
      "It belongs to Tiny, the model that is open.",
    ]);
    expect(importRemarks(summary, [], { ...own, fingerprint: "other" })[0]).toMatch(
      /another model than Tiny.*can be stored/,
    );
    expect(importRemarks(summary, [], null)).toEqual([]);
  });

  it("says where a word is in use, in any case", () => {
    const stored = [{ name: "Ted", tokens: [{ token: "<NEW1>", category: "cat" }] }];
    expect(importRemarks(summary, stored, null)).toEqual([
      "“Ted” has the word <new1> already. Both can be kept, but not used in one prompt.",
    ]);
  });
});

describe("looking into a file", () => {
  it("takes the name from the file's", async () => {
    const found = await inspectConceptFile(new File([golden], "My bear.concept.safetensors"));
    expect(found.name).toBe("My bear");
    expect(found.summary).toEqual(summary);
    expect(found.thumbnails).toEqual([]);
  });

  it.each([
    [
      "a picture",
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
      /looks like a picture/,
    ],
    ["a file cut short", golden.subarray(0, 200), /damaged, cut short/],
    ["nothing", new Uint8Array(0), /not a whole concept file/],
  ])("names the file and what is wrong: %s", async (_, bytes, reason) => {
    const file = new File([Uint8Array.from(bytes)], "x.safetensors");
    await expect(inspectConceptFile(file)).rejects.toThrow(reason);
    await expect(inspectConceptFile(file)).rejects.toThrow(/^“x\.safetensors”: /);
  });
});
