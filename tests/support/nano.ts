/** @file The nano model: committed structures, weights regenerated from their seed. Runs in Node and in the browser. */
import { graphFromModel } from "../../src/core/onnx/from-proto.ts";
import { decodeModel } from "../../src/core/onnx/codec.ts";
import type { Graph } from "../../src/core/onnx/graph.ts";
import { type ExternalReader, readerOf } from "../../src/core/onnx/materialise.ts";
import { elementCount } from "../../src/core/tensor/shape.ts";
import { readFixture } from "./fixture.ts";
import { uniforms } from "./seeded.ts";

export const NANO_STYLES = ["legacy", "dynamo"] as const;
export type NanoStyle = (typeof NANO_STYLES)[number];
export type NanoPart = "unet" | "text_encoder" | "vae_encoder" | "vae_decoder";

/** Shape of the nano UNet's goldens: 16 x 16 latents, batch 2. */
export const NANO_SHAPE = { batch: 2, height: 16, width: 16, tokens: 77, textWidth: 16 } as const;

interface WeightFile {
  readonly seed: number;
  readonly byteLength: number;
  readonly initializers: readonly {
    readonly dims: readonly number[];
    readonly offset: number;
    readonly param: string;
    readonly transpose: boolean;
    readonly center: number;
    readonly scale: number;
  }[];
}

export interface NanoModel {
  readonly bytes: Uint8Array;
  readonly graph: Graph;
  readonly weights: Uint8Array;
  readonly read: ExternalReader;
}

export async function nanoModel(style: NanoStyle, part: NanoPart): Promise<NanoModel> {
  const bytes = await gunzip(await readFixture(`tests/fixtures/nano/${style}/${part}.onnx.gz`));
  const text = new TextDecoder().decode(
    await readFixture(`tests/fixtures/nano/${style}/${part}.weights.json`),
  );
  const weights = regenerate(JSON.parse(text) as WeightFile);
  return {
    bytes,
    graph: graphFromModel(decodeModel(bytes)),
    weights,
    read: readerOf(new Map([["model.onnx.data", weights]])),
  };
}

/** The external data file, from the seed and each tensor's PyTorch name. */
function regenerate(file: WeightFile): Uint8Array {
  const data = new Float32Array(file.byteLength / 4);
  for (const { dims, offset, param, transpose, center, scale } of file.initializers) {
    const u = uniforms(file.seed, param);
    const value = (i: number): number => center + scale * (2 * u(i) - 1);
    const target = data.subarray(offset / 4, offset / 4 + elementCount(dims));
    if (transpose) {
      const [rows, columns] = dims as [number, number];
      // The PyTorch parameter is [columns, rows].
      for (let r = 0; r < rows; r++) {
        for (let c = 0; c < columns; c++) target[r * columns + c] = value(c * rows + r);
      }
    } else for (let i = 0; i < target.length; i++) target[i] = value(i);
  }
  return new Uint8Array(data.buffer);
}

/** Unpacks gzip; a development server that has already done so (Content-Encoding) leaves nothing to do. */
async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
