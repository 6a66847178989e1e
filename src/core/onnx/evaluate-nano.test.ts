/**
 * @file The evaluator runs whole exports as their exporters left them, dynamic shapes and all, and agrees with
 * PyTorch in float64. Nothing is folded first: this is what the passes are measured against.
 */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { readGolden } from "../../../tests/support/golden.ts";
import {
  NANO_STYLES,
  nanoModel,
  type NanoPart,
  type NanoStyle,
} from "../../../tests/support/nano.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { fromBytes, type NdArray, ndArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { evaluateGraph } from "./evaluate.ts";
import { materialise } from "./materialise.ts";

/** Seed of the goldens' inputs (tools/make_goldens.py). */
const SEED = 11;

const seeded = (name: string, dims: Dims): NdArray =>
  ndArray("float32", dims, normals(SEED, name, elementCount(dims)));

const asType = (dtype: "int32" | "int64", { dims, data }: NdArray): NdArray => ({
  dtype,
  dims,
  data,
});

/** The outputs of an exported graph, by name. */
async function outputsOf(
  style: NanoStyle,
  part: NanoPart,
  feeds: Readonly<Record<string, NdArray>>,
): Promise<(name: string) => NdArray> {
  const { graph, read } = await nanoModel(style, part);
  const constants = new Map<string, NdArray>();
  for (const [name, constant] of graph.constants) {
    const bytes = await materialise(constant, read);
    constants.set(name, fromBytes(constant.dtype, constant.dims, bytes));
  }
  const names = graph.outputs.map((output) => output.name);
  const feedMap = new Map(Object.entries(feeds));
  const values = evaluateGraph(graph, feedMap, names, (name) => constants.get(name)!);
  return (name) => values.get(name)!;
}

/**
 * Both sides compute in float64. What is left: goldens are stored in float32 (6e-8), and exports hold their own
 * constants (epsilon, √½, time frequencies) in float32.
 */
const TOLERANCE = 1e-6;

// The UNet takes two or three seconds on a free core.
describe.each(NANO_STYLES)("%s export", { timeout: 60_000 }, (style) => {
  it("predicts PyTorch's noise", async () => {
    const golden = await readGolden("nano-unet");
    const output = await outputsOf(style, "unet", {
      sample: seeded("sample", [2, 4, 16, 16]),
      timestep: asType("int64", golden.get("timesteps")),
      encoder_hidden_states: seeded("encoder_hidden_states", [2, 77, 16]),
    });
    const expected = golden.get("noise_pred");
    expect(output("out_sample").dims).toEqual(expected.dims);
    expect(relativeL2(output("out_sample").data, expected.data)).toBeLessThan(TOLERANCE);
  });

  it("encodes text as PyTorch does", async () => {
    const golden = await readGolden("nano-text-encoder");
    const inputIds = asType("int32", golden.get("input_ids"));
    const output = await outputsOf(style, "text_encoder", { input_ids: inputIds });
    for (const name of ["last_hidden_state", "pooler_output"]) {
      expect(output(name).dims).toEqual(golden.get(name).dims);
      expect(relativeL2(output(name).data, golden.get(name).data)).toBeLessThan(TOLERANCE);
    }
  });

  it("encodes and decodes images as PyTorch does", async () => {
    const golden = await readGolden("nano-vae");
    const encoder = await outputsOf(style, "vae_encoder", {
      sample: seeded("vae_sample", [2, 3, 32, 32]),
    });
    const parameters = encoder("latent_parameters").data;
    const half = parameters.length / 4;
    // [N, mean | logvar, ...]: the two samples' halves interleave.
    const part = (which: 0 | 1): number[] =>
      [0, 1].flatMap((n) => [
        ...parameters.subarray((2 * n + which) * half, (2 * n + which + 1) * half),
      ]);
    expect(relativeL2(part(0), golden.get("mean").data)).toBeLessThan(TOLERANCE);
    expect(relativeL2(part(1), golden.get("logvar").data)).toBeLessThan(TOLERANCE);

    const decoder = await outputsOf(style, "vae_decoder", {
      latent_sample: seeded("latent_sample", [2, 4, 4, 4]),
    });
    expect(relativeL2(decoder("sample").data, golden.get("decoded").data)).toBeLessThan(TOLERANCE);
  });
});
