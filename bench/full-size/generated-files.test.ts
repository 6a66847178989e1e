/** @file Generated models: as many parameters as the published ones, and the same numbers however they are read. */
import { expect, it } from "vitest";
import { elementCount } from "../../src/core/tensor/shape.ts";
import { readTensors } from "../../src/hub/stored-tensors.ts";
import { generatedFiles } from "./generated-files.ts";
import { MODELS } from "./models.ts";

const UNET = "unet/diffusion_pytorch_model.safetensors";
const TEXT = "text_encoder/model.safetensors";
const VAE = "vae/diffusion_pytorch_model.safetensors";

/** Of diffusers' and transformers' modules of the published configurations, `sum(p.numel() for p in m.parameters())`. */
const PARAMETERS = [
  ["sd15", UNET, 859_520_964],
  ["sd15", TEXT, 123_060_480],
  ["sd15", VAE, 83_653_863],
  ["sd21", UNET, 865_910_724],
  ["sd21", TEXT, 340_387_840],
] as const;

it.each(PARAMETERS)("%s: %s has %i parameters", async (name, file, count) => {
  const found = await readTensors(generatedFiles(MODELS[name]), file);
  const sizes = [...(found?.tensors.values() ?? [])].map(({ dims }) => elementCount(dims));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
});

async function numbers(name: string, skipped = 0): Promise<Float32Array> {
  const files = generatedFiles(MODELS.sd15);
  const data = (await readTensors(files, UNET))?.tensors.get(name)?.data;
  if (data?.kind !== "external") throw new Error(`there is no ${name}`);
  const bytes = await files.range(UNET, data.offset + 4 * skipped, data.length - 4 * skipped);
  return new Float32Array(Uint8Array.from(bytes ?? []).buffer);
}

const MATRIX = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight";

it("gives a matrix half of what keeps a layer's variance, and rows that differ", async () => {
  const matrix = await numbers(MATRIX);
  expect(matrix).toHaveLength(1280 * 768);
  const square = matrix.reduce((sum, x) => sum + x * x, 0) / matrix.length;
  // A million normal numbers have this to a thousandth or so.
  expect(square / (0.5 ** 2 / 768)).toBeCloseTo(1, 1);
  const rows = new Set(Array.from({ length: 1280 }, (_, row) => matrix[768 * row]));
  expect(rows.size).toBeGreaterThan(1270);
});

it("gives the same numbers from the middle on", async () => {
  const [whole, rest] = [await numbers(MATRIX), await numbers(MATRIX, 1001)];
  expect(rest).toEqual(whole.subarray(1001));
});

it("lends the default model's tokenizer, and has nothing else", async () => {
  const files = generatedFiles(MODELS.nano);
  expect(await files.read("tokenizer/tokenizer.json")).not.toBeNull();
  expect(await files.read("unet/model.onnx")).toBeNull();
  expect(await files.range("unet/diffusion_pytorch_model.fp16.safetensors", 0, 8)).toBeNull();
});
