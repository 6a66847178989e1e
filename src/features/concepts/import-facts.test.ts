/** @file The card of a concept file: what it lists, and what it says of the models and words that are here. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeConcept } from "../../core/concept/concept-file.ts";
import { inspectFile } from "../../engine/jobs/inspect-file.ts";
import { inspectFiles } from "../../state/concept-files.ts";
import { exchangeGolden } from "../../../tests/support/exchange-file.ts";
import { foreignFacts, foreignRemarks } from "./foreign-facts.ts";
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

  it("says of a smaller one how far it was compressed", () => {
    const metrics = { compression: { keep: 0.6, error: 0.2 } };
    const facts = importFacts({ ...summary, version: 2, metrics });
    expect(facts).toContainEqual({ name: "Compressed", value: "to 60 % of the singular values" });
    expect(importFacts({ ...summary, version: 2, metrics: {} })).toContainEqual({
      name: "Compressed",
      value: "yes",
    });
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

const own = { inspectFile: (file: File) => inspectFile(null, file) };
const named = (bytes: Uint8Array, name: string): File => new File([Uint8Array.from(bytes)], name);

describe("looking into files", () => {
  it("takes the name from the file's", async () => {
    const { found, refused } = await inspectFiles(own, [
      named(golden, "My bear.concept.safetensors"),
    ]);
    expect(refused).toEqual([]);
    expect(found).toMatchObject([{ kind: "concept", name: "My bear", summary, thumbnails: [] }]);
  });

  it("puts weights together with the words that come with them, and leaves two sets of weights apart", async () => {
    const weights = named(exchangeGolden("diffusers.safetensors"), "teddy.safetensors");
    const word = named(exchangeGolden("new1.safetensors"), "<new1>.safetensors");
    const lora = named(exchangeGolden("kohya-lora.safetensors"), "lora.safetensors");
    const groups = async (...files: File[]): Promise<string[][]> => {
      const { found } = await inspectFiles(own, files);
      return found.map((one) =>
        one.kind === "foreign" ? one.parts.map(({ file }) => file.name) : [],
      );
    };
    expect(await groups(word, weights)).toEqual([["teddy.safetensors", "<new1>.safetensors"]]);
    expect(await groups(weights, lora, word)).toEqual([
      ["teddy.safetensors"],
      ["lora.safetensors"],
      ["<new1>.safetensors"],
    ]);
    expect(await groups(word, named(exchangeGolden("new1.bin"), "b.bin"))).toHaveLength(2);
  });

  it.each([
    [
      "a picture",
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
      /looks like a picture/,
    ],
    ["a file cut short", golden.subarray(0, 200), /damaged, cut short/],
    ["nothing", new Uint8Array(0), /neither a whole safetensors file nor a PyTorch file/],
  ])(
    "names the file and what is wrong, and reads those beside it: %s",
    async (_, bytes, reason) => {
      const beside = named(golden, "good.safetensors");
      const { found, refused } = await inspectFiles(own, [named(bytes, "x.safetensors"), beside]);
      expect(found).toHaveLength(1);
      expect(refused).toHaveLength(1);
      expect(String(refused[0]!.error)).toMatch(reason);
      expect(String(refused[0]!.error)).toMatch(/“x\.safetensors”: /);
    },
  );
});

describe("the card of a foreign file", () => {
  it("says what it is, what it changes, and what is missing", async () => {
    const partsOf = async (...names: string[]) => {
      const files = names.map((name) => named(exchangeGolden(name), name));
      const { found } = await inspectFiles(own, files);
      return found[0]?.kind === "foreign" ? found[0].parts : [];
    };
    const factsOf = async (...names: string[]) =>
      foreignFacts(await partsOf(...names)).map(({ value }) => value);
    expect(await factsOf("diffusers.safetensors", "new1.safetensors")).toEqual([
      "Custom Diffusion of diffusers, embedding",
      "<new1>",
      expect.stringMatching(/^\d+ matrices of cross-attention, as whole weights$/),
      "Text width 4",
      expect.stringMatching(/kB$/),
    ]);
    expect((await factsOf("kohya-lora.safetensors"))[2]).toMatch(/as factors$/);
    const [weights, word] = [await partsOf("diffusers.bin"), await partsOf("new1.bin")];
    expect(foreignRemarks(weights, [])).toEqual([expect.stringMatching(/no word of its own/)]);
    const stored = [{ name: "Ted", tokens: [{ token: "<NEW1>", category: "cat" }] }];
    expect(foreignRemarks(word, stored)).toEqual([
      expect.stringMatching(/words alone/),
      expect.stringMatching(/“Ted” has the word <new1>/),
    ]);
  });
});
