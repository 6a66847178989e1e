/** @file Merging on real text features: the default model's own, from captions to the merged weights' words. */
import { readFile } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { nanoConcept } from "../../../tests/support/nano-concept.ts";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { type RegularisationGram } from "../../core/merge/gram.ts";
import { folderFiles } from "../../hub/folder-files.ts";
import { type Model, readModel } from "../model/read-model.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { captionsDigest, decodeGram, encodeGram } from "./gram-file.ts";
import { mergeConcepts } from "./merge-concepts.ts";
import { broughtGram, mergeCaptions, regularisationGram } from "./regularisation.ts";
import { eachTextRows } from "./text-rows.ts";

const runtime = nodeRuntime(2);
const DEFAULT = new URL("../../../public/models/toybox-256", import.meta.url).pathname;
const noEveryday = (): Promise<never> => Promise.reject(new Error("asked for everyday captions"));

describe("the default model's captions", () => {
  let model: Model;
  let captions: string[];
  beforeAll(async () => {
    model = await readModel("toybox-256", folderFiles(DEFAULT));
    captions = await mergeCaptions(model, noEveryday);
  });

  it("have the Gram that lies beside them", async () => {
    const brought = await broughtGram(model, captions);
    const computed = await regularisationGram(model, runtime, captions);
    expect(brought?.rows).toBe(computed.rows);
    // The same sums of the same float32 features, but for the order in which threads add up.
    expect(relativeL2(brought!.lower, computed.lower)).toBeLessThan(1e-6);
  });

  it("are not those of a Gram of other captions", async () => {
    expect(await broughtGram(model, captions.slice(1))).toBeNull();
  });

  it("give the same features in a batch, cut short, as one by one at full length", async () => {
    const texts = captions.slice(0, 40).map((caption) => model.tokenizer.encode(caption));
    const parts = texts.map(({ ids, kept }) => ({ ids, range: { start: 1, end: kept + 2 } }));
    const together: Float32Array[] = [];
    await eachTextRows(model, runtime, parts, (rows) => together.push(rows));
    for (const index of [0, 17, 39]) {
      const part = { ids: parts[index]!.ids, range: { start: 0, end: 77 } };
      await eachTextRows(model, runtime, [part], (rows) => {
        const width = model.config.textWidth;
        const { start, end } = parts[index]!.range;
        const own = rows.subarray(start * width, end * width);
        expect(relativeL2(together[index]!, own)).toBeLessThan(1e-5);
      });
    }
  });
});

describe("a Gram's file", () => {
  const gram: RegularisationGram = { width: 2, rows: 3, lower: Float64Array.of(1, 0, -0.5, 2) };

  it("comes back", async () => {
    const digest = await captionsDigest(["a", "b"]);
    expect(decodeGram(encodeGram(gram, digest), 2, digest)).toEqual(gram);
    // Where Node's pool puts it.
    expect(decodeGram(Buffer.from(encodeGram(gram, digest)), 2, digest)).toEqual(gram);
  });

  it("is passed over where it is of another width, of other captions, or damaged", () => {
    const bytes = encodeGram(gram, "digest");
    expect(decodeGram(bytes, 3, "digest")).toBeNull();
    expect(decodeGram(bytes, 2, "other")).toBeNull();
    expect(decodeGram(bytes.subarray(0, bytes.length - 1), 2, "digest")).toBeNull();
    expect(decodeGram(new TextEncoder().encode("no gram"), 2, "digest")).toBeNull();
  });
});

describe("merging on the nano model", () => {
  let model: Model;
  let gram: RegularisationGram;
  let bear: Concept;
  let dog: Concept;
  beforeAll(async () => {
    model = await readModel("nano", await nanoFiles("dynamo"));
    const text = await readFile(`${DEFAULT}/captions.txt`, "utf8");
    gram = await regularisationGram(model, runtime, text.split("\n").slice(0, 200));
    bear = nanoConcept(model, "<new1>", "bear");
    dog = nanoConcept(model, "<new1>", "dog");
  });

  const whole = (...concepts: Concept[]) => concepts.map((concept) => ({ concept, strength: 1 }));

  it("keeps every word, gives a second of one name another, and holds to all target rows", async () => {
    const { concept, report } = await mergeConcepts(model, runtime, whole(bear, dog), gram);
    expect(concept.tokens.map(({ token, category }) => `${token} ${category}`)).toEqual([
      "<new1> bear",
      "<new2> dog",
    ]);
    expect(concept.tokens[1]!.row).toEqual(dog.tokens[0]!.row);
    expect(report.residual).toBeLessThan(1e-5);
    expect(report.rows).toBeGreaterThan(4);
    // Of each word eleven prompts, from V* behind the start mark and "photo of a" to the last of 77 positions.
    // And of both in either order six, from the second V* behind "bear and a".
    expect(report.contextRows).toBe(2 * 11 * (77 - 4) + 2 * 6 * (77 - 8));
    expect(concept.metrics).toMatchObject({ contextRows: report.contextRows });
    expect(concept.kvDifference!.some((x) => x !== 0)).toBe(true);
  });

  it("of strength 0 asks for the base model's values", async () => {
    const nothing = [bear, dog].map((concept) => ({ concept, strength: 0 }));
    const { concept } = await mergeConcepts(model, runtime, nothing, gram);
    expect(concept.kvDifference!.every((x) => x === 0)).toBe(true);
  });

  it("says how far it is, and stops on request", async () => {
    const progress: number[] = [];
    await mergeConcepts(model, runtime, whole(bear, dog), gram, {
      onProgress: (done) => void progress.push(done),
    });
    expect(progress.at(-1)).toBe(1);
    const signal = { aborted: true };
    const stopped = mergeConcepts(model, runtime, whole(bear, dog), gram, { signal });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
  });

  it.each<[string, () => ReturnType<typeof whole>, RegExp]>([
    ["one concept", () => whole(bear), /at least two/],
    [
      "another model's concept",
      () => whole(bear, { ...dog, baseModel: { id: "sd-1.5", fingerprint: "x" } }),
      /made for the model "sd-1.5"/,
    ],
    [
      "a concept of the face mode",
      () => whole(bear, { ...dog, train: "crossattn", queryOutDifference: new Float32Array(1) }),
      /face mode/,
    ],
    [
      "a concept without a word",
      () => whole(bear, { ...dog, train: "kv", tokens: [] }),
      /no prompt/,
    ],
    ["one concept twice", () => whole(bear, bear), /cannot tell/],
  ])("refuses %s", async (_, concepts, sentence) => {
    await expect(mergeConcepts(model, runtime, concepts(), gram)).rejects.toThrow(sentence);
  });
});
