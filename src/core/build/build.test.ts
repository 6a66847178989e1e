/**
 * @file Graphs built from a configuration and weights compute what PyTorch does, ask for exactly the parameters that
 * published models have, and refuse by its key what is built otherwise.
 */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { evaluated } from "../../../tests/support/evaluated.ts";
import { readGolden } from "../../../tests/support/golden.ts";
import type { DiffusersPart } from "../../../tests/support/default-diffusers.ts";
import { nanoConfig, nanoWeights } from "../../../tests/support/nano-diffusers.ts";
import { normals } from "../../../tests/support/seeded.ts";
import type { Constant } from "../onnx/constant.ts";
import type { Graph } from "../onnx/graph.ts";
import { noExternalData } from "../onnx/materialise.ts";
import { type NdArray, ndArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import type { Config } from "./config-reader.ts";
import { textNames, unetNames, vaeNames } from "./diffusers-names.ts";
import {
  SD1_TEXT_ENCODER,
  SD1_UNET,
  SD2_TEXT_ENCODER,
  SD2_UNET,
  SD_VAE,
} from "./published-configs.ts";
import { textEncoderGraph } from "./text-encoder.ts";
import { unetGraph } from "./unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "./vae.ts";
import { parametersOf, type StoredTensors, storedWeights } from "./weights.ts";

/** Seed of the goldens' inputs (tools/make_goldens.py). */
const SEED = 11;

const seeded = (name: string, dims: Dims): NdArray =>
  ndArray("float32", dims, normals(SEED, name, elementCount(dims)));

async function storedNano(part: DiffusersPart): Promise<Map<string, Constant>> {
  const entries = await nanoWeights(part);
  return new Map(
    [...entries].map(([name, { dtype, dims, bytes }]): [string, Constant] => [
      name,
      { dtype, dims, data: { kind: "bytes", bytes } },
    ]),
  );
}

const outputOf = (graph: Graph, feeds: Readonly<Record<string, NdArray>>): Promise<NdArray> =>
  evaluated(graph, feeds, noExternalData);

/** As of whole exports (onnx/evaluate-nano.test.ts): both sides compute in float64, constants are float32's. */
const TOLERANCE = 1e-6;

describe("the nano model, built", { timeout: 60_000 }, () => {
  it("predicts PyTorch's noise", async () => {
    const golden = await readGolden("nano-unet");
    const stored = storedWeights(await storedNano("unet"), unetNames, "the UNet");
    const graph = unetGraph(await nanoConfig("unet"), stored.weights);
    const output = await outputOf(graph, {
      sample: seeded("sample", [2, 4, 16, 16]),
      timestep: { ...golden.get("timesteps"), dtype: "float32" },
      encoder_hidden_states: seeded("encoder_hidden_states", [2, 77, 16]),
    });
    const expected = golden.get("noise_pred");
    expect(output.dims).toEqual(expected.dims);
    expect(relativeL2(output.data, expected.data)).toBeLessThan(TOLERANCE);
    expect(stored.unread()).toEqual([]);
  });

  it("encodes text as PyTorch does", async () => {
    const golden = await readGolden("nano-text-encoder");
    const tensors = await storedNano("text_encoder");
    const stored = storedWeights(tensors, textNames, "the text encoder");
    const graph = textEncoderGraph(await nanoConfig("text_encoder"), stored.weights);
    const { data, dims } = golden.get("input_ids");
    const ids: NdArray = { dtype: "int64", dims, data };
    const output = await outputOf(graph, { input_ids: ids });
    const expected = golden.get("last_hidden_state");
    expect(output.dims).toEqual(expected.dims);
    expect(relativeL2(output.data, expected.data)).toBeLessThan(TOLERANCE);
    expect(stored.unread()).toEqual([]);
  });

  it.each(["now", "before diffusers 0.18"])(
    "encodes and decodes images, named as %s",
    async (when) => {
      const golden = await readGolden("nano-vae");
      const tensors = when === "now" ? await storedNano("vae") : asBefore(await storedNano("vae"));
      const stored = storedWeights(tensors, vaeNames, "the VAE");
      const config = await nanoConfig("vae");
      const encoder = vaeEncoderGraph(config, stored.weights);
      const sample = seeded("vae_sample", [2, 3, 32, 32]);
      const { data } = await outputOf(encoder, { sample });
      const half = data.length / 4;
      // [N, mean | logvar, ...]: the two samples' halves interleave.
      const part = (which: 0 | 1): number[] =>
        [0, 1].flatMap((n) => [
          ...data.subarray((2 * n + which) * half, (2 * n + which + 1) * half),
        ]);
      expect(relativeL2(part(0), golden.get("mean").data)).toBeLessThan(TOLERANCE);
      expect(relativeL2(part(1), golden.get("logvar").data)).toBeLessThan(TOLERANCE);

      const decoder = vaeDecoderGraph(config, stored.weights);
      const decoded = await outputOf(decoder, {
        latent_sample: seeded("latent_sample", [2, 4, 4, 4]),
      });
      expect(relativeL2(decoded.data, golden.get("decoded").data)).toBeLessThan(TOLERANCE);
      expect(stored.unread()).toEqual([]);
    },
  );
});

// Parameters are the nano model's: those of a 1 x 1 convolution serve a linear layer.
describe("what Stable Diffusion 2.x does otherwise", { timeout: 60_000 }, () => {
  it("projects by linear layers, with a number of heads for each level", async () => {
    const [golden, { data, dims }] = [
      await readGolden("nano-sd2"),
      (await readGolden("nano-unet")).get("timesteps"),
    ];
    const config = {
      ...(await nanoConfig("unet")),
      use_linear_projection: true,
      attention_head_dim: [1, 2, 2, 2],
    };
    const stored = storedWeights(await storedNano("unet"), unetNames, "the UNet");
    const output = await outputOf(unetGraph(config, stored.weights), {
      sample: seeded("sample", [2, 4, 16, 16]),
      timestep: { dtype: "float32", dims, data },
      encoder_hidden_states: seeded("encoder_hidden_states", [2, 77, 16]),
    });
    expect(relativeL2(output.data, golden.get("noise_pred").data)).toBeLessThan(TOLERANCE);
    const other = await readGolden("nano-unet");
    expect(relativeL2(output.data, other.get("noise_pred").data)).toBeGreaterThan(0.01);
  });

  it("encodes text with GELU", async () => {
    const golden = await readGolden("nano-sd2");
    const config = { ...(await nanoConfig("text_encoder")), hidden_act: "gelu" };
    const tensors = await storedNano("text_encoder");
    const { weights } = storedWeights(tensors, textNames, "the text encoder");
    const { data, dims } = golden.get("input_ids");
    const ids: NdArray = { dtype: "int64", dims, data };
    const output = await outputOf(textEncoderGraph(config, weights), { input_ids: ids });
    expect(relativeL2(output.data, golden.get("gelu_hidden").data)).toBeLessThan(TOLERANCE);
  });
});

/** The same weights as most published VAEs name them. */
function asBefore(tensors: StoredTensors): Map<string, Constant> {
  const older = (name: string): string =>
    name
      .replace(/(mid_block\.attentions\.0\.)to_q\./, "$1query.")
      .replace(/(mid_block\.attentions\.0\.)to_k\./, "$1key.")
      .replace(/(mid_block\.attentions\.0\.)to_v\./, "$1value.")
      .replace(/(mid_block\.attentions\.0\.)to_out\.0\./, "$1proj_attn.");
  return new Map([...tensors].map(([name, constant]) => [older(name), constant]));
}

describe("parameters of published models", () => {
  const count = (parameters: ReadonlyMap<string, Dims>): number =>
    [...parameters.values()].reduce((sum, dims) => sum + elementCount(dims), 0);

  // What sum(p.numel() for p in model.parameters()) gives for the published models.
  it.each([
    ["the UNet of 1.5", 859_520_964, 686, () => parametersOf((w) => unetGraph(SD1_UNET, w))],
    ["the UNet of 2.1", 865_910_724, 686, () => parametersOf((w) => unetGraph(SD2_UNET, w))],
    [
      "the text encoder of 1.5",
      123_060_480,
      196,
      () => parametersOf((w) => textEncoderGraph(SD1_TEXT_ENCODER, w)),
    ],
    [
      "the text encoder of 2.1",
      340_387_840,
      372,
      () => parametersOf((w) => textEncoderGraph(SD2_TEXT_ENCODER, w)),
    ],
    [
      "the VAE",
      83_653_863,
      248,
      () =>
        parametersOf((w) => {
          vaeEncoderGraph(SD_VAE, w);
          vaeDecoderGraph(SD_VAE, w);
        }),
    ],
  ])("%s has %i numbers in %i tensors", (_, numbers, tensors, parameters) => {
    expect(count(parameters())).toBe(numbers);
    expect(parameters().size).toBe(tensors);
  });
});

describe("what is built otherwise is refused by its key", () => {
  const unet = (changes: Config) => () =>
    parametersOf((w) => unetGraph({ ...SD1_UNET, ...changes }, w));
  const text = (changes: Config) => () =>
    parametersOf((w) => textEncoderGraph({ ...SD1_TEXT_ENCODER, ...changes }, w));
  const vae = (changes: Config) => () =>
    parametersOf((w) => vaeDecoderGraph({ ...SD_VAE, ...changes }, w));

  it.each([
    ["inpainting", unet({ in_channels: 9 }), /"in_channels": 9, where the studio knows 4;/],
    ["XL", unet({ addition_embed_type: "text_time" }), /"addition_embed_type": "text_time"/],
    ["another block", unet({ up_block_types: ["SimpleCrossAttnUpBlock2D"] }), /"up_block_types"/],
    [
      "another middle",
      unet({ mid_block_type: "UNetMidBlock2DSimpleCrossAttn" }),
      /"mid_block_type"/,
    ],
    [
      "another activation",
      unet({ act_fn: "gelu" }),
      /"act_fn": "gelu", where the studio knows "silu"/,
    ],
    ["channels without groups", unet({ norm_num_groups: 7 }), /"norm_num_groups": 7, .* a divisor/],
    ["heads that do not fit", unet({ attention_head_dim: 7 }), /"attention_head_dim": 7/],
    ["too few levels", unet({ block_out_channels: [320] }), /"block_out_channels": \[320\]/],
    ["a wrong type", unet({ cross_attention_dim: [768] }), /"cross_attention_dim": \[768\]/],
    [
      "another text encoder",
      text({ model_type: "t5" }),
      /text_encoder\/config.json has "model_type"/,
    ],
    ["another text activation", text({ hidden_act: "relu" }), /"quick_gelu" or "gelu"/],
    ["another VAE", vae({ latent_channels: 16 }), /vae\/config.json has "latent_channels": 16/],
    ["a shifted VAE", vae({ shift_factor: 0.1 }), /"shift_factor": 0.1/],
  ])("%s", (_, build, sentence) => {
    expect(build).toThrow(sentence);
  });

  it("names a parameter that is missing, and one of another shape", async () => {
    const config = await nanoConfig("unet");
    const build = (tensors: StoredTensors) => () =>
      unetGraph(config, storedWeights(tensors, unetNames, '"unet/x.safetensors"').weights);
    const whole = await storedNano("unet");
    const without = new Map(whole);
    without.delete("conv_out.bias");
    expect(build(without)).toThrow('"unet/x.safetensors" has no parameter "conv_out.bias"');
    const other = new Map(whole).set("conv_out.bias", whole.get("conv_in.bias")!);
    expect(build(other)).toThrow(/"conv_out\.bias" in .* is \[8\], where .* asks for \[4\]/);
  });
});
