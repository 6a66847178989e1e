/** @file The nano model's weights under PyTorch's own names, from their seeds: what diffusers would save. */
import type { SafetensorsEntry } from "../../src/core/tensor/safetensors.ts";
import { elementCount } from "../../src/core/tensor/shape.ts";
import type { DiffusersPart } from "./default-diffusers.ts";
import { readFixture } from "./fixture.ts";
import type { NanoPart } from "./nano.ts";
import { uniforms } from "./seeded.ts";

/** The files that say how each parameter is made; the VAE's halves are exported one by one. */
const FILES: Readonly<Record<DiffusersPart, readonly NanoPart[]>> = {
  unet: ["unet"],
  text_encoder: ["text_encoder"],
  vae: ["vae_encoder", "vae_decoder"],
};

interface WeightFile {
  readonly seed: number;
  readonly initializers: readonly {
    readonly dims: readonly number[];
    readonly param: string;
    readonly transpose: boolean;
    readonly center: number;
    readonly scale: number;
  }[];
}

async function readJsonFixture(path: string): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await readFixture(path)));
}

/** The config.json that the library writes. */
export async function nanoConfig(part: DiffusersPart): Promise<Record<string, unknown>> {
  return (await readJsonFixture(`tests/fixtures/nano/${part}.json`)) as Record<string, unknown>;
}

/** A part's parameters, float32. */
export async function nanoWeights(part: DiffusersPart): Promise<Map<string, SafetensorsEntry>> {
  const weights = new Map<string, SafetensorsEntry>();
  for (const file of FILES[part]) {
    const path = `tests/fixtures/nano/dynamo/${file}.weights.json`;
    const { seed, initializers } = (await readJsonFixture(path)) as WeightFile;
    for (const { dims, param, transpose, center, scale } of initializers) {
      const u = uniforms(seed, param);
      const values = Float32Array.from(
        { length: elementCount(dims) },
        (_, i) => center + scale * (2 * u(i) - 1),
      );
      weights.set(param, {
        dtype: "float32",
        dims: stored(dims, transpose),
        bytes: new Uint8Array(values.buffer),
      });
    }
  }
  return weights;
}

/** Exports have matrices transposed, and GroupNorm's parameters as [C, 1, 1] or [C, 1]. */
function stored(dims: readonly number[], transposed: boolean): readonly number[] {
  if (dims.length === 3 || dims[1] === 1) return dims.slice(0, 1);
  return transposed ? dims.toReversed() : dims;
}
