/** @file Every format: files that other tools wrote are read to the number, and what is written is read again. */
import { describe, expect, it } from "vitest";
import { exchangeGolden, exchangeGoldens } from "../../../tests/support/exchange-file.ts";
import { narrowToHalf, widenHalf } from "../tensor/half.ts";
import { readSafetensors, type SafetensorsEntry } from "../tensor/safetensors.ts";
import { float32Entry } from "../tensor/safetensors-values.ts";
import { writeSafetensors } from "../tensor/safetensors-write.ts";
import { readExchange } from "./detect.ts";
import type { ExchangedContent, ExchangedWeight } from "./exchanged.ts";
import {
  channelsOf,
  differenceOf,
  downOf,
  fullOf,
  PARAMETERS,
  RANK,
  rowOf,
  upOf,
  WIDTH,
} from "./exchange.test-support.ts";
import { writeCompvis } from "./format-compvis.ts";
import { writeDelta } from "./format-delta.ts";
import { writeDiffusersBin, writeDiffusersSafetensors } from "./format-diffusers.ts";
import { writeEmbeddingBin, writeEmbeddingSafetensors } from "./format-embedding.ts";
import { writeLora } from "./format-lora.ts";
import { expandFactors } from "../compress/compress.ts";
import { writeWebui } from "./format-webui.ts";
import type { PickleDict } from "./pickle-values.ts";
import type { TorchValue } from "./pickle-write.ts";
import { readTorchArchive } from "./torch-archive.ts";
import { writeTorchArchive } from "./torch-archive-write.ts";
import { writeStoredZip } from "./zip-write.ts";

const MIDDLE = PARAMETERS.filter((name) => name.startsWith("mid"));
const half = (values: Float32Array): Float32Array => widenHalf(narrowToHalf(values));
const same = (values: Float32Array): Float32Array => values;

function weightsOf(
  names: readonly string[],
  weightOf: (name: string) => ExchangedWeight,
): Map<string, ExchangedWeight> {
  return new Map(names.map((name) => [name, weightOf(name)]));
}

const full = (name: string): ExchangedWeight => ({
  kind: "full",
  dims: [channelsOf(name), WIDTH],
  values: fullOf(name),
});
const difference = (name: string): ExchangedWeight => ({
  kind: "difference",
  dims: [channelsOf(name), WIDTH],
  values: half(differenceOf(name)),
});
const factors =
  (round: (values: Float32Array) => Float32Array, scale = 1) =>
  (name: string): ExchangedWeight => ({
    kind: "factors",
    dims: [channelsOf(name), WIDTH],
    up: round(upOf(name)).map((x) => x * scale),
    down: round(downOf(name)),
    rank: RANK,
  });

const rows = (...tokens: readonly string[]): Map<string, Float32Array> =>
  new Map(tokens.map((token) => [token, rowOf(token)]));
const both = rows("<new1>", "<new2>");
const none = new Map<never, never>();

const FULL = weightsOf(PARAMETERS, full);
const FACTORS = weightsOf(PARAMETERS, factors(same));

describe("files of other tools", () => {
  it.each<
    [string, string, ReadonlyMap<string, ExchangedWeight>, ReadonlyMap<string, Float32Array>]
  >([
    ["diffusers.safetensors", "diffusers", FULL, none],
    ["diffusers.bin", "diffusers", FULL, none],
    ["delta.bin", "delta", FULL, both],
    ["delta-compressed.bin", "delta", FACTORS, both],
    ["delta.ckpt", "compvis", FULL, both],
    ["delta-compressed.ckpt", "compvis", weightsOf(MIDDLE, factors(same)), both],
    ["webui.safetensors", "webui", weightsOf(PARAMETERS, difference), none],
    ["webui-factors.safetensors", "webui", weightsOf(MIDDLE, factors(half)), none],
    ["kohya-lora.safetensors", "lora", weightsOf(PARAMETERS, factors(half, 0.5)), none],
    ["peft-lora.safetensors", "lora", weightsOf(MIDDLE, factors(same, 2)), none],
    ["processor-lora.safetensors", "lora", weightsOf(MIDDLE, factors(same)), none],
    ["new1.bin", "textual-inversion", none, rows("<new1>")],
    ["new1.safetensors", "textual-inversion", none, rows("<new1>")],
    ["webui-embedding.pt", "textual-inversion", none, new Map([["<teddy>", rowOf("<new1>")]])],
    [
      "webui-embedding.safetensors",
      "textual-inversion",
      none,
      new Map([["<webui-embedding>", rowOf("<new1>")]]),
    ],
  ])("%s", (name, format, weights, tokens) => {
    const read = readExchange(exchangeGolden(name), `folder/${name}`);
    expect(read.format).toBe(format);
    expect(new Map([...read.weights].toSorted())).toEqual(new Map([...weights].toSorted()));
    expect(read.tokens).toEqual(tokens);
  });

  it("are all read, or refused for a reason", () => {
    const refused = exchangeGoldens().flatMap(([name, bytes]) => {
      try {
        readExchange(bytes, name);
        return [];
      } catch {
        return [name];
      }
    });
    expect(refused).toEqual(["deflated.bin", "kinds.pt", "module.pt"]);
  });
});

describe("what is written is read again", () => {
  const whole: ExchangedContent = { weights: FULL, tokens: both };
  const factored: ExchangedContent = { weights: FACTORS, tokens: both };
  const halves: ExchangedContent = {
    weights: weightsOf(PARAMETERS, factors(half)),
    tokens: new Map(),
  };
  const differences: ExchangedContent = {
    weights: weightsOf(PARAMETERS, difference),
    tokens: new Map(),
  };
  const withoutTokens: ExchangedContent = { weights: FULL, tokens: new Map() };
  it.each<[string, string, (content: ExchangedContent) => Uint8Array, ExchangedContent]>([
    ["diffusers' safetensors", "diffusers", writeDiffusersSafetensors, withoutTokens],
    ["diffusers' .bin", "diffusers", writeDiffusersBin, withoutTokens],
    ["delta.bin", "delta", writeDelta, whole],
    ["delta.bin, compressed", "delta", writeDelta, factored],
    ["CompVis' .ckpt", "compvis", (content) => writeCompvis(content, 2), whole],
    ["CompVis' .ckpt, compressed", "compvis", (content) => writeCompvis(content, 2), factored],
    ["the web UI's delta", "webui", (content) => writeWebui(content, 2), differences],
    ["the web UI's factors", "webui", (content) => writeWebui(content, 2), halves],
    ["a LoRA in float16", "lora", (content) => writeLora(content), halves],
    [
      "a LoRA in float32",
      "lora",
      (content) => writeLora(content, "float32"),
      { weights: FACTORS, tokens: new Map() },
    ],
  ])("%s", (_, format, write, content) => {
    const bytes = write(content);
    expect(write(content)).toEqual(bytes);
    const read = readExchange(bytes, "any.bin");
    expect(read.format).toBe(format);
    expect(new Map([...read.weights].toSorted())).toEqual(new Map([...content.weights].toSorted()));
    expect(read.tokens).toEqual(content.tokens);
  });

  it.each([
    ["safetensors", writeEmbeddingSafetensors],
    [".bin", writeEmbeddingBin],
  ])("tokens' %s", (_, write) => {
    expect(readExchange(write(both), "x").tokens).toEqual(both);
    expect(readExchange(write(rows("<new2>")), "x").tokens).toEqual(rows("<new2>"));
  });

  it("diffusers' files name self-attention's processors too, empty", () => {
    const { tensors, metadata } = readSafetensors(writeDiffusersSafetensors(whole));
    const empty = [...tensors].filter(([name]) => name.endsWith(".attn1.processor"));
    expect(empty.length).toBe(6);
    expect(empty.every(([, { dims }]) => dims.length === 1 && dims[0] === 0)).toBe(true);
    expect(metadata).toEqual(new Map([["format", "pt"]]));
    // As save_attn_procs writes it, but for the empty ones.
    const official = readSafetensors(exchangeGolden("diffusers.safetensors")).tensors;
    expect([...official.keys()].every((name) => tensors.has(name))).toBe(true);
    expect(tensors.size).toBe(official.size + 6);
    const bin = readTorchArchive(writeDiffusersBin(whole)) as PickleDict;
    const officialBin = readTorchArchive(exchangeGolden("diffusers.bin")) as PickleDict;
    expect(new Set(bin.keys())).toEqual(new Set(officialBin.keys()));
    expect(bin.get("mid_block.attentions.0.transformer_blocks.0.attn1.processor")).toEqual(
      new Map(),
    );
  });

  it("kept nothing is written as a product of zeros in a LoRA, and as such in a delta", () => {
    const name = PARAMETERS[0]!;
    const nothing = { kind: "factors", dims: [6, WIDTH], rank: 0 } as const;
    const [up, down] = [new Float32Array(), new Float32Array()];
    const content = { weights: new Map([[name, { ...nothing, up, down }]]), tokens: new Map() };
    expect(readExchange(writeLora(content), "x").weights.get(name)).toEqual({
      ...nothing,
      rank: 1,
      up: new Float32Array(6),
      down: new Float32Array(WIDTH),
    });
    expect(readExchange(writeDelta(content), "x").weights.get(name)).toMatchObject(nothing);
  });

  it("layers of different ranks get one in a LoRA, since diffusers has one alpha for all of them", () => {
    const factors = (rank: number, value: number) =>
      ({
        kind: "factors",
        dims: [6, WIDTH],
        rank,
        up: new Float32Array(6 * rank).fill(value),
        down: new Float32Array(rank * WIDTH).fill(0.5),
      }) as const;
    const [first, second] = [PARAMETERS[0]!, PARAMETERS[1]!];
    const weights = new Map([
      [first, factors(1, 0.25)],
      [second, factors(3, 1)],
    ]);
    const read = readExchange(writeLora({ weights }), "x").weights;
    for (const name of [first, second]) {
      const back = read.get(name);
      if (back?.kind !== "factors") throw new Error(`${name} has no factors`);
      expect(back.rank).toBe(3);
      expect(expandFactors(back)).toEqual(expandFactors(weights.get(name)!));
    }
  });

  it.each<[string, () => unknown, string]>([
    ["a LoRA of whole weights", () => writeLora(whole), "whole weights"],
    ["whole weights for the web UI", () => writeWebui(whole, 2), "whole weights"],
    ["factors for diffusers", () => writeDiffusersBin(factored), "two factors"],
    ["differences for the original", () => writeDelta(differences), "a difference"],
    ["no weights", () => writeDiffusersSafetensors({ weights: new Map() }), "only tokens"],
    [
      "more than a half holds",
      () => writeLora({ weights: new Map([[PARAMETERS[0]!, large()]]) }),
      "float16 cannot hold",
    ],
  ])("but not %s", (_, write, reason) => {
    expect(write).toThrow(expect.objectContaining({ code: "invalid-input" }));
    expect(write).toThrow(reason);
  });

  function large(): ExchangedWeight {
    const [up, down] = [Float32Array.of(1e5), Float32Array.of(1)];
    return { kind: "factors", dims: [1, 1], up, down, rank: 1 };
  }
});

describe("what is refused", () => {
  const one = float32Entry([1], Float32Array.of(1));
  const matrix = (rank: number, inner: number): SafetensorsEntry =>
    float32Entry([rank, inner], new Float32Array(rank * inner).fill(1));
  const file = (
    entries: readonly (readonly [string, SafetensorsEntry])[],
    metadata: Record<string, string> = {},
  ): Uint8Array => writeSafetensors(new Map(entries), new Map(Object.entries(metadata)));
  const torch = (...entries: readonly (readonly [string, TorchValue])[]): Uint8Array =>
    writeTorchArchive(new Map(entries));
  const row = { dtype: "float32", dims: [1], values: Float32Array.of(1) } as const;
  const LORA = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k";
  const NAME = MIDDLE[0]!;

  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "neither a whole safetensors file nor a PyTorch file"],
    ["a picture", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0, 0), "looks like a picture"],
    ["one of its own", file([["x", one]], { format: "custom-diffusion-studio.concept" }), "itself"],
    [
      "a whole model",
      file([
        ["model.diffusion_model.out.0.weight", one],
        ["x", one],
      ]),
      "a whole",
    ],
    [
      "a whole checkpoint",
      torch(["state_dict", new Map([["first_stage_model.x", row]])]),
      "a whole Stable Diffusion checkpoint",
    ],
    [
      "a UNet",
      file([
        ["up_blocks.1.x", one],
        ["up_blocks.1.y", one],
      ]),
      "a diffusers UNet",
    ],
    ["other things", torch(["x", "y"]), "a file of other things, the first a string"],
    ["nothing in a file", torch(), "an empty file"],
    ["a text in a PyTorch file", writeTorchArchive("x"), "holds a string, not named weights"],
    [
      "a changed text encoder",
      torch(["unet", new Map()], ["text_encoder", new Map()]),
      "also changes the text encoder",
    ],
    [
      "other layers",
      torch([
        "unet",
        new Map([
          ["conv_in.weight", row],
          ["conv_in.bias", row],
        ]),
      ]),
      'also changes 2 other layers, like "conv_in.weight"',
    ],
    ["a text for a weight", torch(["unet", new Map([[NAME, "x"]])]), "is a string, not a tensor"],
    ["half a pair", torch(["unet", new Map([[NAME, new Map([["u", row]])]])]), "is missing"],
    [
      "factors that do not fit",
      file([
        [`${LORA}.lora_up.weight`, matrix(5, 2)],
        [`${LORA}.lora_down.weight`, matrix(3, 4)],
      ]),
      "have the shapes [5, 2] and [3, 4]",
    ],
    [
      "a LoRA of more",
      file([
        ["lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", matrix(5, 2)],
        ["lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight", matrix(2, 4)],
        ["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight", matrix(5, 2)],
        ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", matrix(2, 4)],
      ]),
      "also changes 2 other layers",
    ],
    [
      "a LoHa",
      file([
        [`${LORA}.hada_w1_a`, one],
        ["lora_x", one],
      ]),
      "which a plain LoRA has not",
    ],
    [
      "an alpha that is no number",
      file([
        [`${LORA}.lora_up.weight`, matrix(5, 2)],
        [`${LORA}.lora_down.weight`, matrix(2, 4)],
        [`${LORA}.alpha`, matrix(1, 2)],
      ]),
      "is not one number",
    ],
    ["several vectors", file([["<x>", matrix(8, 4)]]), "stands for 8 rows"],
    ["a row without a width", file([["<x>", float32Entry([], Float32Array.of(1))]]), "width"],
    ["rows of SDXL", exchangeSdxl(), "for several text encoders"],
    [
      "numbers that are not finite",
      file([["<x>", float32Entry([1], Float32Array.of(NaN))]]),
      "finite",
    ],
    [
      "a vocabulary",
      torch([
        "state_dict",
        new Map([["embed", { dtype: "float32", dims: [65, 1], values: new Float32Array(65) }]]),
      ]),
      "a whole vocabulary",
    ],
    [
      "an unknown form",
      file([["x", one]], { json: '{"entries":{"x":"quantised"}}' }),
      'an entry of the form "quantised"',
    ],
    ["more than its list", file([["x", one]], { json: '{"entries":{}}' }), "other layer, like"],
  ])("%s", (_, bytes, reason) => {
    expect(() => readExchange(bytes, "x")).toThrow(
      expect.objectContaining({ code: "invalid-input" }),
    );
    expect(() => readExchange(bytes, "x")).toThrow(reason);
  });

  /** {'modifier_token': {'<a>': []}} */
  function exchangeSdxl(): Uint8Array {
    const name = new TextEncoder().encode("modifier_token");
    const row = [0x7d, 0x8c, 3, 0x3c, 0x61, 0x3e, 0x5d, 0x73, 0x73, 0x2e];
    return writeStoredZip([
      ["x/data.pkl", Uint8Array.of(0x80, 2, 0x7d, 0x8c, name.length, ...name, ...row)],
    ]);
  }
});
