/**
 * @file Stable Diffusion 1.5 at half its width as a folder of diffusers' safetensors that is nowhere: its 235 million
 * weights are made of their seeds where they are read (tools/half_width.py).
 */
import type { Config } from "../../src/core/build/config-reader.ts";
import { SD1_TEXT_ENCODER, SD1_UNET, SD_VAE } from "../../src/core/build/published-configs.ts";
import { textEncoderGraph } from "../../src/core/build/text-encoder.ts";
import { unetGraph } from "../../src/core/build/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../../src/core/build/vae.ts";
import { parametersOf, type Weights } from "../../src/core/build/weights.ts";
import { type Dims, elementCount } from "../../src/core/tensor/shape.ts";
import type { ModelFiles } from "../../src/hub/model-files.ts";
import { readFixture } from "./fixture.ts";
import { uniforms } from "./seeded.ts";

const SEED = 7;

const UNET: Config = {
  ...SD1_UNET,
  block_out_channels: [160, 320, 640, 640],
  cross_attention_dim: 384,
};
const TEXT: Config = {
  ...SD1_TEXT_ENCODER,
  hidden_size: 384,
  intermediate_size: 1536,
  num_attention_heads: 6,
  vocab_size: 2086,
};

/** Files that the default model lends: its vocabulary, its noise schedule. */
const SHARED = [
  "tokenizer/tokenizer.json",
  "tokenizer/tokenizer_config.json",
  "scheduler/scheduler_config.json",
  "studio.json",
];

/** A safetensors file whose numbers are made as they are read. */
interface SeededFile {
  readonly header: Uint8Array;
  readonly tensors: readonly {
    readonly name: string;
    readonly dims: Dims;
    readonly from: number;
  }[];
  readonly end: number;
}

export async function halfWidthFiles(): Promise<ModelFiles> {
  const whole = new Map<string, Uint8Array>();
  for (const path of SHARED) {
    whole.set(path, await readFixture(`public/models/toybox-256/${path}`));
  }
  const seeded = new Map<string, SeededFile>();
  const part = (
    folder: string,
    file: string,
    config: Config,
    build: (weights: Weights) => unknown,
  ) => {
    whole.set(`${folder}/config.json`, new TextEncoder().encode(JSON.stringify(config)));
    seeded.set(`${folder}/${file}.safetensors`, seededFile(parametersOf(build)));
  };
  part("unet", "diffusion_pytorch_model", UNET, (weights) => unetGraph(UNET, weights));
  part("text_encoder", "model", TEXT, (weights) => textEncoderGraph(TEXT, weights));
  part("vae", "diffusion_pytorch_model", SD_VAE, (weights) => [
    vaeEncoderGraph(SD_VAE, weights),
    vaeDecoderGraph(SD_VAE, weights),
  ]);
  return {
    read: (path) => Promise.resolve(whole.get(path) ?? null),
    range(path, offset, length) {
      const file = seeded.get(path);
      if (file !== undefined) return Promise.resolve(bytesOf(file, offset, length));
      return Promise.resolve(whole.get(path)?.subarray(offset, offset + length) ?? null);
    },
  };
}

function seededFile(parameters: ReadonlyMap<string, Dims>): SeededFile {
  let at = 0;
  const entries = [...parameters].map(([name, dims]) => {
    const from = at;
    at += 4 * elementCount(dims);
    return { name, dims, from };
  });
  const table = Object.fromEntries(
    entries.map(({ name, dims, from }) => [
      name,
      { dtype: "F32", shape: dims, data_offsets: [from, from + 4 * elementCount(dims)] },
    ]),
  );
  const text = new TextEncoder().encode(JSON.stringify(table));
  const header = new Uint8Array(8 + text.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(text.length), true);
  header.set(text, 8);
  const tensors = entries.map((entry) => ({ ...entry, from: header.length + entry.from }));
  return { header, tensors, end: header.length + at };
}

/** Some bytes: of the header, or of one tensor, as the studio asks for them. */
function bytesOf({ header, tensors, end }: SeededFile, offset: number, length: number): Uint8Array {
  const stop = Math.min(offset + length, end);
  if (offset < header.length) return header.subarray(offset, stop);
  const tensor = tensors.findLast(({ from }) => from <= offset);
  if (tensor === undefined) throw new RangeError(`nothing begins at or before ${offset}`);
  const { name, dims, from } = tensor;
  const first = (offset - from) / 4;
  const u = uniforms(SEED, name);
  const { center, scale } = rule(name, dims);
  const values = new Float32Array((stop - offset) / 4);
  for (let i = 0; i < values.length; i++) values[i] = center + scale * (2 * u(first + i) - 1);
  return new Uint8Array(values.buffer);
}

/** tools/nano_models.py, `ranges`: by what a parameter is. */
function rule(name: string, dims: Dims): { readonly center: number; readonly scale: number } {
  if (name.endsWith(".bias")) return { center: 0, scale: 0.1 };
  if (dims.length === 1) return { center: 1, scale: 0.2 };
  if (name.includes("embedding.weight") && name.startsWith("embeddings.")) {
    return { center: 0, scale: 0.5 };
  }
  return { center: 0, scale: Math.sqrt(3 / elementCount(dims.slice(1))) };
}
