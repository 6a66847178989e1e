/** @file Concepts out of files of other tools, and back: only for the model that they were trained on. */
import { describe, expect, it } from "vitest";
import { exchangeGolden } from "../../../tests/support/exchange-file.ts";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { decodeConcept, encodeConcept } from "../concept/concept-file.ts";
import {
  BASE as FACE_BASE,
  CONCEPT as FACE,
  LAYOUT as FACE_LAYOUT,
} from "../concept/concept.test-support.ts";
import { type Concept, withConcept } from "../concept/concept.ts";
import { readExchange } from "./detect.ts";
import type { ExchangeBase } from "./exchange-base.ts";
import type { Exchanged, ExchangedContent, FactoredWeight } from "./exchanged.ts";
import {
  BASE,
  CONCEPT,
  fullOf,
  LAYOUT,
  PARAMETERS,
  rowOf,
  WIDTH,
} from "./exchange.test-support.ts";
import { writeCompvis } from "./format-compvis.ts";
import { writeDelta } from "./format-delta.ts";
import { writeDiffusersBin, writeDiffusersSafetensors } from "./format-diffusers.ts";
import { writeLora } from "./format-lora.ts";
import { writeWebui } from "./format-webui.ts";
import { conceptFromExchanged, type ImportOptions } from "./from-exchanged.ts";
import { expandFactors } from "../compress/compress.ts";
import { type Factorise, exchangedFromConcept } from "./to-exchanged.ts";

const compvis = (content: ExchangedContent): Uint8Array => writeCompvis(content, 2);
const webui = (content: ExchangedContent): Uint8Array => writeWebui(content, 2);
const WHOLE_WRITERS = [writeDelta, compvis, writeDiffusersBin, writeDiffusersSafetensors] as const;

const read = (name: string): Exchanged => readExchange(exchangeGolden(name), name);
const OPTIONS: ImportOptions = {
  categories: new Map([
    ["<new1>", "bear"],
    ["<new2>", "bear"],
    ["<teddy>", "bear"],
  ]),
  initialRow: () => new Float32Array(WIDTH),
};
const importOf = (...names: readonly string[]): Concept =>
  conceptFromExchanged(names.map(read), BASE, OPTIONS);

/** The exact factors of any matrix: itself, and one. */
const exactly: Factorise = ([, width], values) => ({
  up: values,
  down: Float32Array.from({ length: width * width }, (_, i) => (i % (width + 1) === 0 ? 1 : 0)),
  rank: width,
});

describe("a concept", () => {
  it.each([
    ["delta.bin", "delta", "kv+token"],
    ["delta.ckpt", "compvis", "kv+token"],
    ["diffusers.bin", "diffusers", "kv"],
    ["diffusers.safetensors", "diffusers", "kv"],
  ])("of %s", (name, format, train) => {
    const concept = importOf(name);
    expect(concept).toMatchObject({ train, baseModel: BASE.baseModel });
    expect(concept.settings).toEqual({ imported: [format] });
    // W0 + ΔW was rounded to float32: half a unit of the last place of W0, against ΔW of a sixty-fourth of it.
    expect(relativeL2(concept.kvDifference!, CONCEPT.kvDifference!)).toBeLessThan(64 * 2 ** -24);
    // With it the model has the file's weights, but for another rounding.
    const weights = withConcept(BASE.kvWeights, concept, { strength: 1 });
    const first = Array.from({ length: WIDTH }, (_, e) => weights[e * LAYOUT.kv.columns]!);
    expect(relativeL2(first, fullOf(PARAMETERS[0]!).subarray(0, WIDTH))).toBeLessThan(2 ** -23);
    if (train === "kv+token") expect(concept.tokens).toEqual(CONCEPT.tokens);
    expect(decodeConcept(encodeConcept(concept, LAYOUT), LAYOUT, BASE.baseModel).train).toBe(train);
  });

  it("of differences, as they are", () => {
    const concept = importOf("webui.safetensors");
    const half = 2 ** -11;
    expect(relativeL2(concept.kvDifference!, CONCEPT.kvDifference!)).toBeLessThan(half);
  });

  it("of factors, multiplied and scaled", () => {
    const [compressed, lora] = [
      importOf("delta-compressed.bin"),
      importOf("kohya-lora.safetensors"),
    ];
    const halved = compressed.kvDifference!.map((x) => x / 2);
    expect(relativeL2(lora.kvDifference!, halved)).toBeLessThan(2 ** -10);
  });

  it("of two files: weights and their token", () => {
    const concept = importOf("diffusers.safetensors", "new1.bin");
    expect(concept.train).toBe("kv+token");
    expect(concept.tokens.map(({ token }) => token)).toEqual(["<new1>"]);
    expect(concept.tokens[0]!.row).toEqual(rowOf("<new1>"));
  });

  it("of tokens only", () => {
    expect(importOf("webui-embedding.pt")).toMatchObject({ train: "token", kvDifference: null });
  });
});

describe("is refused", () => {
  const delta = read("delta.bin");
  const without = (name: string): Exchanged => {
    const weights = new Map(delta.weights);
    weights.delete(name);
    return { ...delta, weights };
  };
  const changed = (name: string, weight: Partial<FactoredWeight>): Exchanged => ({
    ...delta,
    weights: new Map([
      ...delta.weights,
      [name, { ...delta.weights.get(name)!, ...weight } as never],
    ]),
  });
  const made = (exchanged: Exchanged, base: ExchangeBase = BASE): Concept =>
    conceptFromExchanged([exchanged], base, OPTIONS);
  const wide = (width: number): ExchangeBase => ({
    ...BASE,
    baseModel: { id: "toybox", fingerprint: "1" },
    layout: { ...LAYOUT, kv: { ...LAYOUT.kv, textWidth: width } },
  });
  const K = PARAMETERS[0]!;

  it.each<[string, () => unknown, string]>([
    [
      "of another text width",
      () => made(delta, wide(256)),
      'made for a model with text width 4, and "toybox" has 256',
    ],
    [
      "a token of another text width",
      () => made({ ...delta, weights: new Map() }, wide(8)),
      'made for a model with text width 4, and "toybox" has 8',
    ],
    ["without a layer", () => made(without(K)), "lacks 1 of the 12 weights"],
    ["of the middle block only", () => importOf("delta-compressed.ckpt"), "lacks 10 of the 12"],
    [
      "with a layer that the model has not",
      () => made({ ...delta, weights: new Map([["down_blocks.7.x", delta.weights.get(K)!]]) }),
      'changes "down_blocks.7.x", which "tiny" does not have',
    ],
    [
      "of other channels",
      () => made(changed(K, { dims: [3, 4] })),
      "is [3, 4] in this file and [6",
    ],
    [
      "of another model",
      () => made(delta, { ...BASE, kvWeights: BASE.kvWeights.map((x) => -x) }),
      "they were trained on another model",
    ],
    [
      "of a model without weights",
      () => made(delta, { ...BASE, kvWeights: BASE.kvWeights.map(() => 0) }),
      "Infinity times",
    ],
    ["given twice", () => importOf("delta.bin", "delta.ckpt"), "Two of these files have"],
    ["with a token given twice", () => importOf("delta.bin", "new1.bin"), 'have "<new1>"'],
    ["of no file", () => importOf(), "neither weights nor tokens"],
    [
      "with a token that nobody named",
      () => conceptFromExchanged([delta], BASE, { ...OPTIONS, categories: new Map() }),
      "Say what <new1> is",
    ],
    ["whose factors become infinite", () => made(changed(K, infinite())), "becomes infinite"],
    [
      "of face mode",
      () =>
        made({ ...delta, weights: new Map([[K.replace("to_k", "to_q"), delta.weights.get(K)!]]) }),
      "is of face mode",
    ],
  ])("%s", (_, run, reason) => {
    expect(run).toThrow(expect.objectContaining({ code: "invalid-input" }));
    expect(run).toThrow(reason);
  });

  function infinite(): FactoredWeight {
    const [up, down] = [new Float32Array(6).fill(3e38), new Float32Array(WIDTH).fill(3e38)];
    return { kind: "factors", dims: [6, WIDTH], up, down, rank: 1 };
  }
});

describe("there and back", () => {
  const imported = (content: ExchangedContent): Concept =>
    conceptFromExchanged([{ format: "delta", ...content }], BASE, OPTIONS);

  it("differences are the same, bit for bit", () => {
    const content = exchangedFromConcept(CONCEPT, BASE, { kind: "difference" });
    const back = imported(content);
    expect(back.kvDifference).toEqual(CONCEPT.kvDifference);
    expect(back.tokens).toEqual(CONCEPT.tokens);
  });

  it("exact factors too", () => {
    const content = exchangedFromConcept(CONCEPT, BASE, { kind: "factors", factorise: exactly });
    expect(imported(content).kvDifference).toEqual(CONCEPT.kvDifference);
  });

  it("whole weights are those that other tools have", () => {
    const content = exchangedFromConcept(CONCEPT, BASE, { kind: "full" });
    expect(readExchange(writeDelta(content), "x")).toEqual(read("delta.bin"));
  });

  it("a concept of another model is not exported", () => {
    const other = { ...CONCEPT, baseModel: { id: "tiny", fingerprint: "2" } };
    expect(() => exchangedFromConcept(other, BASE, { kind: "full" })).toThrow("another model");
  });

  const faceBase: ExchangeBase = {
    baseModel: FACE_BASE,
    layout: FACE_LAYOUT,
    kvWeights: FACE.kvDifference!.map((x) => x * 64 + 1),
    queryOutWeights: FACE.queryOutDifference!.map((x) => x * 64 + 1),
  };
  const categories = new Map(FACE.tokens.map(({ token, category }) => [token, category]));
  const options: ImportOptions = { categories, initialRow: () => new Float32Array(WIDTH) };

  it.each(["full", "difference", "factors"] as const)("face mode, as %s", (kind) => {
    const form = kind === "factors" ? { kind, factorise: exactly } : { kind };
    const content = exchangedFromConcept(FACE, faceBase, form);
    expect(content.weights.size).toBe(10);
    const file: Exchanged = { format: "webui", ...content };
    const back = conceptFromExchanged([file], faceBase, options);
    expect(back.train).toBe("crossattn");
    expect(relativeL2(back.kvDifference!, FACE.kvDifference!)).toBeLessThan(2 ** -14);
    expect(relativeL2(back.queryOutDifference!, FACE.queryOutDifference!)).toBeLessThan(2 ** -14);
    const noTokens = { ...file, tokens: new Map<string, Float32Array>() };
    expect(() => conceptFromExchanged([noTokens], faceBase, options)).toThrow("its tokens too");
    const kvOnly = { ...faceBase, queryOutWeights: undefined };
    const run = (): Concept => conceptFromExchanged([file], kvOnly, options);
    if (kind === "full") expect(run).toThrow("is of face mode");
    else expect(run().train).toBe("crossattn");
    const writers = { full: WHOLE_WRITERS, difference: [webui], factors: [webui] } as const;
    for (const write of writers[kind]) {
      const written = readExchange(write(content), "x").weights;
      expect(new Set(written.keys())).toEqual(new Set(content.weights.keys()));
      if (kind === "full")
        expect(new Map([...content.weights, ...written])).toEqual(content.weights);
    }
    if (kind === "factors") expect(() => writeLora(content)).toThrow("to_out.0.bias");
  });

  it("a product is added up row by row", () => {
    const values = expandFactors({
      dims: [2, 3],
      rank: 2,
      up: Float32Array.of(1, 2, 3, 4),
      down: Float32Array.of(1, 0, -1, 0.5, 1, 2),
    });
    expect([...values]).toEqual([2, 2, 3, 5, 4, 5]);
  });
});
