/** @file Concept files: version 1 as it was fixed once and for all, and a sentence for everything that is none. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { StudioError } from "../errors.ts";
import { readSafetensors, type SafetensorsEntry } from "../tensor/safetensors.ts";
import { float16Entry, float32Entry } from "../tensor/safetensors-values.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import { decodeConcept, describeConcept, encodeConcept } from "./concept-file.ts";
import { compressConcept, compressedTo, compressionChoices } from "./compress-concept.ts";
import { BASE, CONCEPT, LAYOUT } from "./concept.test-support.ts";
import { type Concept, resetConcept, type TrainMode } from "./concept.ts";

const golden = new Uint8Array(
  readFileSync(new URL("../../../tests/reference/concept-v1.concept.safetensors", import.meta.url)),
);

/** The golden file with other contents. */
function rewritten(
  change: (tensors: Map<string, SafetensorsEntry>, metadata: Map<string, string>) => void,
): Uint8Array {
  const file = readSafetensors(golden);
  const [tensors, metadata] = [new Map(file.tensors), new Map(file.metadata)];
  change(tensors, metadata);
  return writeSafetensors(tensors, metadata);
}

const decode = (bytes: Uint8Array): Concept => decodeConcept(bytes, LAYOUT, BASE);

function refusalOf(run: () => unknown): StudioError {
  try {
    run();
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("version 1", () => {
  it("is read from a file that Python wrote", () => {
    const concept = decode(golden);
    expect(concept).toMatchObject({
      baseModel: BASE,
      train: "crossattn",
      settings: CONCEPT.settings,
      metrics: CONCEPT.metrics,
    });
    // Rows are float32 in the file, differences were rounded to 11 significant bits.
    expect(concept.tokens).toEqual(CONCEPT.tokens);
    const half = 2 ** -11;
    expect(relativeL2(concept.kvDifference!, CONCEPT.kvDifference!)).toBeLessThan(half);
    expect(relativeL2(concept.queryOutDifference!, CONCEPT.queryOutDifference!)).toBeLessThan(half);
    // to_k.weight[1, 0] of the first block, and to_out.0.weight[4, 0] of the second, as numpy holds them.
    expect(concept.kvDifference![1]).toBe(0.004947662353515625);
    expect(concept.queryOutDifference![46 + 20]).toBe(0.006710052490234375);
  });

  it("is written as Python does, bit for bit", () => {
    expect(encodeConcept(CONCEPT, LAYOUT)).toEqual(golden);
    expect(encodeConcept(decode(golden), LAYOUT)).toEqual(golden);
  });

  it("is described without a model", () => {
    expect(describeConcept(golden)).toEqual({
      version: 1,
      baseModel: BASE,
      train: "crossattn",
      tokens: [
        { token: "<new1>", category: "bear" },
        { token: "<Bär>", category: "plush toy" },
      ],
      settings: CONCEPT.settings,
      metrics: CONCEPT.metrics,
      layers: 10,
      parameters: 4 * 16 + 76,
      bytes: golden.byteLength,
    });
  });

  const plain: Concept = { ...CONCEPT, train: "kv+token", queryOutDifference: null };
  it.each<[TrainMode, Concept]>([
    ["kv+token", plain],
    ["kv", { ...plain, train: "kv" }],
    ["kv", { ...plain, train: "kv", tokens: [] }],
    ["token", { ...plain, train: "token", kvDifference: null }],
    ["crossattn", CONCEPT],
    ["crossattn", resetConcept(CONCEPT, { difference: true, tokens: true })],
  ])("keeps a concept of mode %s", (_, concept) => {
    const { queryOut, ...kvOnly } = LAYOUT;
    const layout = concept.train === "crossattn" ? { ...kvOnly, queryOut } : kvOnly;
    const bytes = encodeConcept(concept, layout);
    const back = decodeConcept(bytes, layout, BASE);
    expect(encodeConcept(back, layout)).toEqual(bytes);
    expect(back).toMatchObject({ train: concept.train, tokens: concept.tokens });
    expect(back.kvDifference?.length).toBe(concept.kvDifference?.length);
    expect(back.queryOutDifference?.length).toBe(concept.queryOutDifference?.length);
  });
});

describe("version 2", () => {
  const plain: Concept = { ...CONCEPT, train: "kv+token", queryOutDifference: null };
  const layout = { kv: LAYOUT.kv, names: LAYOUT.names };
  const readSmall = (bytes: Uint8Array): Concept => decodeConcept(bytes, layout, BASE);

  it("keeps factors, and gives the difference that was painted with bit for bit", async () => {
    const { concept } = await compressConcept(plain, layout, { keep: 0.5 });
    const bytes = encodeConcept(concept, layout);
    expect(readSmall(bytes)).toEqual(concept);
    expect(encodeConcept(readSmall(bytes), layout)).toEqual(bytes);
    expect(describeConcept(bytes)).toMatchObject({ version: 2, train: "kv+token", layers: 4 });
    const sizes = concept.kvFactors!.map(({ up, down }) => up.length + down.length);
    expect(describeConcept(bytes).parameters).toBe(sizes.reduce((sum, size) => sum + size, 0));
  });

  it("is nearer the more it keeps, and says how near", async () => {
    const distances: number[] = [];
    for (const keep of [0.2, 0.6, 1]) {
      const { concept, error } = await compressConcept(plain, layout, { keep });
      const distance = relativeL2(concept.kvDifference!, plain.kvDifference!);
      // Beyond the share that was left out there is float16's rounding of the factors.
      expect(Math.abs(distance - error)).toBeLessThan(2e-3);
      distances.push(distance);
    }
    expect(distances[0]).toBeGreaterThan(distances[1]!);
    expect(distances[1]).toBeGreaterThan(distances[2]!);
    expect(distances[2]).toBeLessThan(2 ** -9);
  });

  it("is known in size, error and ranks beforehand, for every share at once", async () => {
    const seen: number[] = [];
    const keeps = [0.1, 0.35, 0.6, 1];
    const choices = await compressionChoices(plain, layout, keeps, {
      onProgress: (done) => void seen.push(done),
    });
    expect(seen).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(choices.map(({ keep }) => keep)).toEqual(keeps);
    for (const { keep, bytes, error, smallestRank, largestRank } of choices) {
      const made = await compressConcept(plain, layout, { keep });
      expect(encodeConcept(made.concept, layout).byteLength).toBe(bytes);
      expect(made.error).toBe(error);
      expect([Math.min(...made.ranks), Math.max(...made.ranks)]).toEqual([
        smallestRank,
        largestRank,
      ]);
    }
    await expect(compressionChoices(CONCEPT, LAYOUT, keeps)).rejects.toThrow("face mode");
    const stopped = compressionChoices(plain, layout, keeps, { signal: { aborted: true } });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
  });

  it("says to what share it was compressed, and nothing where its metrics are someone else's", async () => {
    const { concept } = await compressConcept(plain, layout, { keep: 0.35 });
    expect(compressedTo(readSmall(encodeConcept(concept, layout)).metrics)).toBe(0.35);
    expect(concept.metrics).toMatchObject(plain.metrics);
    for (const compression of [undefined, null, 0.6, { keep: "much" }, { keep: 60 }]) {
      expect(compressedTo({ compression })).toBeNull();
    }
  });

  it("of a concept that was reset has no factors any more", async () => {
    const { concept } = await compressConcept(plain, layout);
    const reset = resetConcept(concept, { difference: true, tokens: false });
    expect(reset.kvFactors).toBeUndefined();
    expect(describeConcept(encodeConcept(reset, layout)).version).toBe(1);
    const tokens = resetConcept(concept, { difference: false, tokens: true });
    expect(tokens.kvFactors).toEqual(concept.kvFactors);
  });

  it("refuses what has nothing to compress, factors of another size, and ranks beyond all use", async () => {
    await expect(compressConcept(CONCEPT, LAYOUT)).rejects.toThrow("face mode");
    const word: Concept = { ...plain, train: "token", kvDifference: null };
    await expect(compressConcept(word, layout)).rejects.toThrow("nothing to compress");
    const { concept } = await compressConcept(plain, layout);
    const short = { ...concept, kvFactors: concept.kvFactors!.slice(1) };
    expect(() => encodeConcept(short, layout)).toThrow("do not fit");
    const [first, ...rest] = concept.kvFactors!;
    const rank = 4;
    const large = { rank, up: new Float32Array(3 * rank), down: new Float32Array(rank * 4) };
    const bytes = encodeConcept({ ...concept, kvFactors: [large, ...rest] }, layout);
    expect(first!.rank).toBeLessThan(rank);
    expect(() => readSmall(bytes)).toThrow("factors of rank 4");
  });

  it("with changed bytes is refused or still a concept", async () => {
    const { concept } = await compressConcept(plain, layout);
    const small = encodeConcept(concept, layout);
    const change = fc.tuple(fc.nat(small.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = small.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          describeConcept(bytes);
          readSmall(bytes);
        } catch (error) {
          if (!(error instanceof StudioError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what cannot be saved", () => {
  const changed = (index: number, value: number): Concept => ({
    ...CONCEPT,
    kvDifference: CONCEPT.kvDifference!.with(index, value),
  });

  it.each([65505, -1e6, Infinity, NaN])("a difference of %d, which no half holds", (value) => {
    const error = refusalOf(() => encodeConcept(changed(3, value), LAYOUT));
    expect(error.code).toBe("invalid-input");
    expect(error.message).toContain(
      `"down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_v.weight" contains ${value}`,
    );
  });

  it("but the largest half", () => {
    const bytes = encodeConcept(changed(3, 65504), LAYOUT);
    expect(decode(bytes).kvDifference![3]).toBe(65504);
  });

  it.each<[string, Partial<Concept>, string]>([
    [
      "a row that is not finite",
      { tokens: [{ ...CONCEPT.tokens[0]!, row: Float32Array.of(0, NaN, 0, 0) }] },
      '"modifier_token.<new1>" contains NaN',
    ],
    [
      "a row of another width",
      { tokens: [{ ...CONCEPT.tokens[0]!, row: new Float32Array(3) }] },
      "do not fit",
    ],
    [
      "a word in place of a token",
      { tokens: [{ ...CONCEPT.tokens[0]!, token: "bear" }] },
      "a word already",
    ],
    ["one token twice", { tokens: [CONCEPT.tokens[0]!, CONCEPT.tokens[0]!] }, "given twice"],
    ["no category", { tokens: [{ ...CONCEPT.tokens[0]!, category: " " }] }, "is no category"],
    ["no token", { tokens: [] }, "needs at least one modifier token"],
    ["a difference that its mode has not", { train: "kv" }, "do not fit"],
    ["no difference where its mode has one", { kvDifference: null }, "do not fit"],
  ])("%s", (_, change, reason) => {
    const error = refusalOf(() => encodeConcept({ ...CONCEPT, ...change }, LAYOUT));
    expect(error.message).toContain(reason);
  });

  it("a concept of a model whose configuration is another's", () => {
    const layout = { ...LAYOUT, names: LAYOUT.names.slice(1) };
    expect(refusalOf(() => encodeConcept(CONCEPT, layout)).message).toContain(
      "describes 1 cross-attention layers, and its graph has 2",
    );
  });
});

describe("what is refused", () => {
  const K = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight";
  const one = float32Entry([1], Float32Array.of(1));
  const file = (name: string, metadata: Record<string, string> = {}): Uint8Array =>
    writeSafetensors(new Map([[name, one]]), new Map(Object.entries(metadata)));

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "not a whole concept file"],
    ["a text", new TextEncoder().encode("photo of a <new1> bear"), "not a whole concept file"],
    ["a picture", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0), "looks like a picture"],
    ["a torch archive", Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0), "a PyTorch file"],
    ["a bare pickle", Uint8Array.of(0x80, 2, 0x8a, 0x0a, 0, 0, 0, 0, 0, 0), "a PyTorch file"],
    [
      "diffusers' weights",
      file(
        "mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_k_custom_diffusion.weight",
      ),
      "looks like diffusers' Custom Diffusion weights",
    ],
    ["a LoRA", file("lora_unet_mid_block_attentions_0.lora_down.weight"), "looks like a LoRA"],
    ["diffusers' LoRA", file("unet.mid_block.attn2.to_k.lora_A.weight"), "looks like a LoRA"],
    ["a textual inversion", file("<new1>"), "looks like a textual inversion embedding"],
    ["a whole model", file("model.diffusion_model.out.0.weight"), "a whole Stable Diffusion"],
    ["a UNet", file("up_blocks.1.resnets.0.conv1.weight"), "the weights of a diffusers UNet"],
    [
      "a checkpoint",
      file("values", { format: "custom-diffusion-studio.checkpoint" }),
      "a checkpoint of an unfinished training run",
    ],
    ["other tensors", file("x"), "another kind of safetensors file"],
    ["a later version", rewritten((_, m) => m.set("version", "3")), 'version "3", and this studio'],
    ["whole differences in version 2", rewritten((_, m) => m.set("version", "2")), "is missing"],
    ["no version", rewritten((_, m) => m.delete("version")), 'version "", and this studio'],
    ["an unknown mode", rewritten((_, m) => m.set("train", "all")), "what was trained"],
    ["no base model", rewritten((_, m) => m.delete("base_model")), "base_model is not JSON"],
    ["a base model without name", rewritten((_, m) => m.set("base_model", "{}")), "base model"],
    ["settings that are a list", rewritten((_, m) => m.set("settings", "[]")), "not objects"],
    ["tokens that are no list", rewritten((_, m) => m.set("tokens", "{}")), "not a list"],
    [
      "tokens without category",
      rewritten((_, m) => m.set("tokens", '[{"token":"<a>"}]')),
      "not a list",
    ],
    [
      "a token that is a word",
      rewritten((_, m) => m.set("tokens", '[{"token":"bear","category":"bear"}]')),
      "in angle brackets, like <bear>",
    ],
    [
      "a token of control characters",
      rewritten((_, m) => m.set("tokens", '[{"token":"<\\u001b[2J>","category":"bear"}]')),
      "cannot be a new word",
    ],
    ["a missing layer", rewritten((t) => t.delete(K)), `"${K}" is missing`],
    ["a missing row", rewritten((t) => t.delete("modifier_token.<Bär>")), "is missing"],
    ["a strange tensor", rewritten((t) => t.set("x", one)), '"x" that does not belong'],
    [
      "a layer of another shape",
      rewritten((t) => t.set(K, { ...t.get(K)!, dims: [4, 5] })),
      `"${K}" is float16 [4, 5] where float16 [5, 4] was expected`,
    ],
    [
      "a layer of another type",
      rewritten((t) => t.set(K, float32Entry([5, 4], new Float32Array(20)))),
      "is float32 [5, 4] where float16",
    ],
    [
      "an infinite number",
      rewritten((t) => t.set(K, float16Entry([5, 4], new Float32Array(20).fill(Infinity)))),
      "not finite",
    ],
  ])("%s", (_, bytes, reason) => {
    const error = refusalOf(() => decode(bytes));
    expect(error.code).toBe("invalid-input");
    expect(error.message).toContain(reason);
  });

  it("another model, by name", () => {
    const other = { id: "sd-1.5", fingerprint: "1234" };
    expect(refusalOf(() => decodeConcept(golden, LAYOUT, other)).message).toBe(
      'This concept was trained on the model "tiny", and "sd-1.5" is open; open "tiny", or train the concept again on this model.',
    );
  });

  it("another version of the same model", () => {
    const other = { id: "tiny", fingerprint: "0123456789abcdef" };
    expect(refusalOf(() => decodeConcept(golden, LAYOUT, other)).message).toContain(
      'another version of "tiny" than the one that is open (fingerprint "00c0ffee", not "0123456789ab")',
    );
  });
});

/** Refuses, or gives a concept that can be saved and read again. */
function readsOrRefuses(bytes: Uint8Array): boolean {
  try {
    describeConcept(bytes);
    const concept = decode(bytes);
    const again = decode(encodeConcept(concept, LAYOUT));
    expect(again).toEqual(concept);
    return true;
  } catch (error) {
    if (error instanceof StudioError) return true;
    throw error;
  }
}

describe("a damaged file is refused or still a concept", () => {
  it("cut anywhere: always refused", () => {
    for (let length = 0; length < golden.length; length++) {
      const cut = golden.subarray(0, length);
      expect(refusalOf(() => decode(cut)).code, `${length} bytes`).toBe("invalid-input");
      expect(refusalOf(() => describeConcept(cut)).code).toBe("invalid-input");
    }
  });

  it("with changed bytes", () => {
    const change = fc.tuple(fc.nat(golden.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
        const bytes = golden.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return readsOrRefuses(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it("with any metadata", () => {
    const keys = fc.constantFrom("version", "train", "tokens", "base_model", "settings", "metrics");
    const value = fc.oneof(fc.string(), fc.json(), fc.constantFrom("token", "kv", "kv+token"));
    fc.assert(
      fc.property(keys, value, (key, text) =>
        readsOrRefuses(rewritten((_, metadata) => metadata.set(key, text))),
      ),
      { numRuns: 1000 },
    );
  });
});
