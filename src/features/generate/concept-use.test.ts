/** @file Which concept a prompt asks for: shared tokens, several at once, other base models, unknown words. */
import { describe, expect, it } from "vitest";
import { conceptUse } from "./concept-use.ts";
import { refusalOf } from "./plan-job.ts";
import type { NamedConcept } from "./prompt-phrases.ts";

const concept = (id: string, token: string, fields: Partial<NamedConcept> = {}): NamedConcept => ({
  id,
  name: `Concept ${id}`,
  createdAt: 1,
  baseModel: { id: "toybox-256", fingerprint: "toy" },
  tokens: [{ token, category: "bear" }],
  ...fields,
});
const sd = { id: "sd15", fingerprint: "sd" };
const nothing = { chosen: {}, wordless: null };

describe("conceptUse", () => {
  it("is none for a prompt without tokens, or with words that nobody knows", () => {
    const stored = [concept("a", "<new1>")];
    expect(conceptUse("photo of a bear", stored, "toy", nothing).kind).toBe("none");
    expect(conceptUse("photo of a <new2> bear", stored, "toy", nothing).kind).toBe("none");
  });

  it("takes the one last chosen of those that share a token, else the newest", () => {
    const stored = [
      concept("old", "<new1>"),
      concept("new", "<NEW1>", { createdAt: 2 }),
      concept("other", "<new1>", { createdAt: 3, baseModel: sd }),
    ];
    const prompt = "a <new1> bear";
    const used = conceptUse(prompt, stored, "toy", nothing);
    expect(used).toMatchObject({ kind: "one", concept: { id: "new" } });
    expect(used.kind === "one" && used.candidates.map(({ id }) => id)).toEqual(["new", "old"]);
    const chosen = (id: string) =>
      conceptUse(prompt, stored, "toy", { ...nothing, chosen: { "<new1>": id } });
    expect(chosen("old")).toMatchObject({ kind: "one", concept: { id: "old" } });
    // Deleted meanwhile, or for another model.
    expect(chosen("gone")).toMatchObject({ concept: { id: "new" } });
    expect(chosen("other")).toMatchObject({ concept: { id: "new" } });
  });

  it("says so where only another base model has it", () => {
    const stored = [concept("a", "<new1>", { baseModel: sd })];
    const use = conceptUse("a <new1> bear", stored, "toy", nothing);
    expect(use.kind).toBe("other-model");
    expect(refusalOf("a <new1> bear", use)).toMatch(/Concept a.*another base model \(sd15\)/u);
    // Not known yet which model it will be.
    expect(conceptUse("a <new1> bear", stored, null, nothing).kind).toBe("one");
  });

  it("names the tokens of several concepts, but lets one concept have several", () => {
    const two = [concept("a", "<new1>"), concept("b", "<new2>")];
    const prompt = "a <new1> bear and a <new2> bear";
    const use = conceptUse(prompt, two, "toy", nothing);
    expect(use).toEqual({ kind: "several", tokens: ["<new1>", "<new2>"] });
    expect(refusalOf(prompt, use)).toMatch(/<new1>, <new2>.*keep one/u);
    const both = concept("both", "", {
      tokens: ["<new1>", "<new2>"].map((token) => ({ token, category: "bear" })),
    });
    expect(conceptUse(prompt, [...two, both], "toy", nothing)).toMatchObject({
      kind: "one",
      concept: { id: "both" },
      candidates: [{ id: "both" }],
    });
  });

  it("paints with a concept that has no word where it is chosen, and with no other beside it", () => {
    const stored = [concept("plain", "", { tokens: [] }), concept("a", "<new1>")];
    const chosen = { ...nothing, wordless: "plain" };
    expect(conceptUse("a bear", stored, "toy", chosen)).toMatchObject({ concept: { id: "plain" } });
    expect(conceptUse("a bear", stored, "toy", nothing).kind).toBe("none");
    expect(conceptUse("a <new1> bear", stored, "toy", chosen)).toEqual({
      kind: "several",
      tokens: ["Concept plain", "<new1>"],
    });
  });
});
