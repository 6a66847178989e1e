/**
 * @file A folder of diffusers' safetensors that is nowhere: random weights, made where they are read. A full-size model has a
 * billion of them, so they are pieces of one block of normal numbers.
 */
import type { Config } from "../../src/core/build/config-reader.ts";
import { textEncoderGraph } from "../../src/core/build/text-encoder.ts";
import { unetGraph } from "../../src/core/build/unet.ts";
import { vaeDecoderGraph, vaeEncoderGraph } from "../../src/core/build/vae.ts";
import { parametersOf, type Weights } from "../../src/core/build/weights.ts";
import { normal } from "../../src/core/random/normal.ts";
import { type Dims, elementCount } from "../../src/core/tensor/shape.ts";
import { folderFiles } from "../../src/hub/folder-files.ts";
import type { ModelFiles } from "../../src/hub/model-files.ts";
import { MODEL } from "../contenders.ts";
import type { FullSizeModel } from "./models.ts";

/** A safetensors file whose numbers are made as they are read. */
interface GeneratedFile {
  readonly header: Uint8Array;
  readonly tensors: readonly Place[];
  readonly end: number;
}

interface Place {
  readonly name: string;
  readonly dims: Dims;
  readonly from: number;
}

/** The tokenizer is the default model's: which words a caption has makes no difference to how long anything takes. */
export function generatedFiles({ unet, text, vae, scheduler }: FullSizeModel): ModelFiles {
  const jsons = new Map<string, Config>([["scheduler/scheduler_config.json", scheduler]]);
  const generated = new Map<string, GeneratedFile>();
  const part = (
    folder: string,
    file: string,
    config: Config,
    build: (weights: Weights) => unknown,
  ) => {
    jsons.set(`${folder}/config.json`, config);
    generated.set(`${folder}/${file}.safetensors`, generatedFile(parametersOf(build)));
  };
  part("unet", "diffusion_pytorch_model", unet, (weights) => unetGraph(unet, weights));
  part("text_encoder", "model", text, (weights) => textEncoderGraph(text, weights));
  part("vae", "diffusion_pytorch_model", vae, (weights) => [
    vaeEncoderGraph(vae, weights),
    vaeDecoderGraph(vae, weights),
  ]);
  const lent = folderFiles(MODEL);
  const isLent = (path: string): boolean => path.startsWith("tokenizer/") || path === "studio.json";
  return {
    read(path) {
      const json = jsons.get(path);
      if (json !== undefined) {
        return Promise.resolve(new TextEncoder().encode(JSON.stringify(json)));
      }
      return isLent(path) ? lent.read(path) : Promise.resolve(null);
    },
    range(path, offset, length) {
      const file = generated.get(path);
      return Promise.resolve(file === undefined ? null : bytesOf(file, offset, length));
    },
  };
}

function generatedFile(parameters: ReadonlyMap<string, Dims>): GeneratedFile {
  let at = 0;
  const places = [...parameters].map(([name, dims]): Place => {
    const from = at;
    at += 4 * elementCount(dims);
    return { name, dims, from };
  });
  const table = Object.fromEntries(
    places.map(({ name, dims, from }) => [
      name,
      { dtype: "F32", shape: dims, data_offsets: [from, from + 4 * elementCount(dims)] },
    ]),
  );
  const text = new TextEncoder().encode(JSON.stringify(table));
  const header = new Uint8Array(8 + text.length);
  new DataView(header.buffer).setBigUint64(0, BigInt(text.length), true);
  header.set(text, 8);
  const tensors = places.map((place) => ({ ...place, from: header.length + place.from }));
  return { header, tensors, end: header.length + at };
}

/** Some bytes: of the header, or of whole numbers of one tensor, as the studio asks for them. */
function bytesOf(
  { header, tensors, end }: GeneratedFile,
  offset: number,
  length: number,
): Uint8Array {
  const stop = Math.min(offset + length, end);
  if (offset < header.length) return header.subarray(offset, stop);
  const index = tensors.findLastIndex(({ from }) => from <= offset);
  const tensor = tensors[index];
  if (tensor === undefined) throw new RangeError(`nothing begins at or before ${offset}`);
  const { center, scale } = rule(tensor);
  const numbers = normals();
  const values = new Float32Array((stop - offset) / 4);
  // Tensors begin at places of the block that are far apart.
  let at = (index * 611_953 + (offset - tensor.from) / 4) % numbers.length;
  for (let i = 0; i < values.length; i++) {
    values[i] = center + scale * (numbers[at] ?? 0);
    if (++at === numbers.length) at = 0;
  }
  return new Uint8Array(values.buffer);
}

/** A prime, so that no width divides it, and a matrix's rows are all different. */
const BLOCK = 1_048_573;

let block: Float32Array | null = null;

function normals(): Float32Array {
  block ??= normal(1, BLOCK);
  return block;
}

/** Less than what keeps a layer's variance: half of it, so that sums of many residuals stay finite in float16, too. */
const GAIN = 0.5;

function rule({ name, dims }: Place): { readonly center: number; readonly scale: number } {
  if (name.endsWith(".bias")) return { center: 0, scale: 0.02 };
  if (dims.length === 1) return { center: 1, scale: 0.02 };
  if (name.startsWith("embeddings.") || name.includes("_embedding.weight")) {
    return { center: 0, scale: GAIN };
  }
  return { center: 0, scale: GAIN / Math.sqrt(elementCount(dims.slice(1))) };
}
