/**
 * @file A model in one file: its tensors are found under latent-diffusion's names, compute what PyTorch does, and say by
 * their shapes which model it is.
 */
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it } from "vitest";
import { ldmNames, nanoCheckpoint } from "../../tests/support/checkpoint-files.ts";
import { relativeL2 } from "../../tests/support/compare.ts";
import { filesOf } from "../../tests/support/diffusers-files.ts";
import { evaluated } from "../../tests/support/evaluated.ts";
import { readGolden } from "../../tests/support/golden.ts";
import { nanoConfig } from "../../tests/support/nano-diffusers.ts";
import { normals } from "../../tests/support/seeded.ts";
import { checkpointConfigs } from "../core/build/checkpoint-config.ts";
import { checkpointGraph } from "../core/build/checkpoint.ts";
import {
  ldmClipNames,
  ldmOpenClipNames,
  ldmUnetNames,
  ldmVaeNames,
} from "../core/build/ldm-names.ts";
import {
  SD1_TEXT_ENCODER,
  SD1_UNET,
  SD2_TEXT_ENCODER,
  SD2_UNET,
  SD_VAE,
} from "../core/build/published-configs.ts";
import type { BuiltPart } from "../core/build/part-graph.ts";
import { textEncoderGraph } from "../core/build/text-encoder.ts";
import { unetGraph } from "../core/build/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../core/build/vae.ts";
import { parametersOf, type StoredTensors } from "../core/build/weights.ts";
import type { Constant } from "../core/onnx/constant.ts";
import type { Graph } from "../core/onnx/graph.ts";
import { type NdArray, ndArray } from "../core/tensor/nd-array.ts";
import { writeSafetensors } from "../core/tensor/safetensors-write.ts";
import { type Dims, elementCount } from "../core/tensor/shape.ts";
import { CHECKPOINT } from "./checkpoint-layout.ts";
import { externalReader, type ModelFiles } from "./model-files.ts";
import { readModelSource } from "./model-source.ts";
import { readTensors } from "./stored-tensors.ts";

/** Seed of the goldens' inputs (tools/make_goldens.py). */
const SEED = 11;
/** As of whole exports (core/onnx/evaluate-nano.test.ts). */
const TOLERANCE = 1e-6;

const seeded = (name: string, dims: Dims): NdArray =>
  ndArray("float32", dims, normals(SEED, name, elementCount(dims)));

let files: ModelFiles;
let tensors: StoredTensors;

async function tensorsOf(from: ModelFiles): Promise<StoredTensors> {
  const found = await readTensors(from, CHECKPOINT);
  return found?.tensors ?? new Map<string, Constant>();
}

beforeAll(async () => {
  files = filesOf(new Map([[CHECKPOINT, writeSafetensors(await nanoCheckpoint())]]));
  tensors = await tensorsOf(files);
});

describe("the names in a file", () => {
  it.each([
    ["unet", ldmUnetNames(2)],
    ["vae", ldmVaeNames(4)],
    ["text_encoder", ldmClipNames],
  ] as const)("are found for the %s", async (part, namesOf) => {
    const names = await ldmNames();
    const known = new Set(Object.values(names[part]));
    for (const [name, expected] of Object.entries(names[part])) {
      expect(namesOf(name).find((one) => known.has(one))).toBe(expected);
    }
  });
});

const graphOf = (part: BuiltPart, config: Record<string, unknown>): Graph =>
  checkpointGraph(part, config, tensors, "the file");
const outputOf = (graph: Graph, feeds: Readonly<Record<string, NdArray>>): Promise<NdArray> =>
  evaluated(graph, feeds, externalReader(files, "anywhere"));

describe("the nano model in one file", { timeout: 60_000 }, () => {
  it("predicts PyTorch's noise", async () => {
    const golden = await readGolden("nano-unet");
    const output = await outputOf(graphOf("unet", await nanoConfig("unet")), {
      sample: seeded("sample", [2, 4, 16, 16]),
      timestep: { ...golden.get("timesteps"), dtype: "float32" },
      encoder_hidden_states: seeded("encoder_hidden_states", [2, 77, 16]),
    });
    expect(relativeL2(output.data, golden.get("noise_pred").data)).toBeLessThan(TOLERANCE);
  });

  it("encodes text and decodes latents as PyTorch does", async () => {
    const text = await readGolden("nano-text-encoder");
    const ids: NdArray = { ...text.get("input_ids"), dtype: "int64" };
    const encoder = graphOf("text_encoder", await nanoConfig("text_encoder"));
    const hidden = await outputOf(encoder, { input_ids: ids });
    expect(relativeL2(hidden.data, text.get("last_hidden_state").data)).toBeLessThan(TOLERANCE);

    const vae = await readGolden("nano-vae");
    const config = await nanoConfig("vae");
    const latents = seeded("latent_sample", [2, 4, 4, 4]);
    const decoded = await outputOf(graphOf("vae_decoder", config), { latent_sample: latents });
    expect(relativeL2(decoded.data, vae.get("decoded").data)).toBeLessThan(TOLERANCE);
    const sample = seeded("vae_sample", [2, 3, 32, 32]);
    const moments = await outputOf(graphOf("vae_encoder", config), { sample });
    const mean = moments.data.subarray(0, moments.data.length / 4);
    expect(relativeL2(mean, vae.get("mean").data.subarray(0, mean.length))).toBeLessThan(TOLERANCE);
  });

  it("has no parameter that its configuration has no place for", async () => {
    const config = await nanoConfig("text_encoder");
    expect(() => graphOf("text_encoder", { ...config, num_hidden_layers: 1 })).toThrow(
      /has no place for \("cond_stage_model\.transformer\.text_model\.encoder\.layers\.1/,
    );
  });
});

it("OpenCLIP's text tower gives what its last layer but one does", async () => {
  const golden = await readGolden("nano-sd2");
  const entries = golden.names
    .filter((name) => name.startsWith("weights/"))
    .map((name) => {
      const { dims, data } = golden.get(name);
      const bytes = new Uint8Array(Float32Array.from(data).buffer);
      return [name.slice("weights/".length), { dtype: "float32", dims, bytes }] as const;
    });
  const own = filesOf(new Map([[CHECKPOINT, writeSafetensors(new Map(entries))]]));
  const config = {
    ...SD2_TEXT_ENCODER,
    hidden_size: 16,
    intermediate_size: 64,
    num_attention_heads: 2,
    num_hidden_layers: 2,
    vocab_size: 64,
  };
  const graph = checkpointGraph("text_encoder", config, await tensorsOf(own), "the file");
  const { dims, data } = golden.get("input_ids");
  const ids: NdArray = { dtype: "int64", dims, data: data.map((id) => id % 64) };
  const output = await evaluated(graph, { input_ids: ids }, externalReader(own, "anywhere"));
  expect(relativeL2(output.data, golden.get("hidden").data)).toBeLessThan(TOLERANCE);
});

/** Tensors of these dims without numbers. */
function described(shapes: Iterable<readonly [string, Dims]>): Map<string, Constant> {
  return new Map(
    [...shapes].map(([name, dims]) => [
      name,
      { dtype: "float16", dims, data: { kind: "fill", value: 0 } },
    ]),
  );
}

/** The shapes of a published model in one file. */
async function published(version: 1 | 2): Promise<Map<string, Constant>> {
  const names = await ldmNames();
  const unet = parametersOf((w) => unetGraph(version === 1 ? SD1_UNET : SD2_UNET, w));
  const vae = parametersOf((w) => {
    vaeEncoderGraph(SD_VAE, w);
    vaeDecoderGraph(SD_VAE, w);
  });
  const config = version === 1 ? SD1_TEXT_ENCODER : { ...SD2_TEXT_ENCODER, num_hidden_layers: 24 };
  const text = parametersOf((w) => textEncoderGraph(config, w));
  const textNames = version === 1 ? ldmClipNames : ldmOpenClipNames;
  return described([
    ...[...unet].map(([name, dims]) => [names.unet[name] ?? "", dims] as const),
    ...[...vae].map(([name, dims]) => [ldmVaeNames(4)(name)[0] ?? "", dims] as const),
    ...[...text].map(([name, dims]) => [textNames(name)[0] ?? "", dims] as const),
  ]);
}

describe("which model a file is", () => {
  it("is said by its shapes: 1.x", async () => {
    const configs = checkpointConfigs(await published(1), "dream.safetensors");
    expect(configs.unet).toEqual({ ...SD1_UNET, sample_size: 64 });
    expect(configs.textEncoder).toEqual(SD1_TEXT_ENCODER);
    expect(configs.vae).toEqual(SD_VAE);
    expect(configs.scheduler).toMatchObject({ prediction_type: "epsilon", beta_end: 0.012 });
  });

  it("is said by its shapes: 2.x, which is taken to predict v unless it is said", async () => {
    const tensors2 = await published(2);
    const configs = checkpointConfigs(tensors2, "dream.safetensors");
    expect(configs.unet).toEqual({ ...SD2_UNET, sample_size: 96 });
    expect(configs.textEncoder).toEqual(SD2_TEXT_ENCODER);
    expect(configs.scheduler["prediction_type"]).toBe("v_prediction");
    const base = checkpointConfigs(tensors2, "base.safetensors", { prediction: "epsilon" });
    expect(base.unet["sample_size"]).toBe(64);
    expect(base.scheduler["prediction_type"]).toBe("epsilon");
  });

  it.each([
    [
      "XL",
      { "conditioner.embedders.0.transformer.x": [1] },
      /Stable Diffusion XL model; the studio/,
    ],
    ["3", { "model.diffusion_model.joint_blocks.0.x": [1] }, /Stable Diffusion 3/],
    ["Flux", { "double_blocks.0.x": [1] }, /Flux/],
    [
      "inpainting",
      { "model.diffusion_model.input_blocks.0.0.weight": [320, 9, 3, 3] },
      /"x\.safetensors" is an inpainting model/,
    ],
    ["LoRA", { "lora_unet_down.lora_up.weight": [4, 4] }, /a LoRA, not a model/],
    ["nothing", { x: [1] }, /no model in one file/],
    [
      "no text encoder",
      { "model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3] },
      /has no text encoder in it/,
    ],
  ] as const)("is no such one: %s", (_, shapes, sentence) => {
    const entries = Object.entries(shapes as Readonly<Record<string, Dims>>);
    expect(() => checkpointConfigs(described(entries), "x.safetensors")).toThrow(sentence);
  });
});

describe("a file that is chosen", () => {
  it("is refused with what it is", async () => {
    const dims = [320, 9, 3, 3];
    const entry = { dtype: "uint8", dims, bytes: new Uint8Array(elementCount(dims)) } as const;
    const name = "model.diffusion_model.input_blocks.0.0.weight";
    const file = new Blob([writeSafetensors(new Map([[name, entry]]))]);
    const merges = (): Promise<Uint8Array> => Promise.resolve(gzipSync("#version: 0.2\n"));
    const chosen = [{ path: "fill.safetensors", file }];
    await expect(readModelSource(chosen, merges)).rejects.toThrow(/"fill" is an inpainting model/);
    const cut = [{ path: "cut.safetensors", file: file.slice(0, 20) }];
    await expect(readModelSource(cut, merges)).rejects.toThrow(/not a whole safetensors file/);
  });
});
