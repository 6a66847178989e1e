/**
 * @file The default model as a folder of diffusers, in memory: its weights out of its ONNX files, under PyTorch's names
 * (tools/default_weights.json, which came of comparing values with the folder that was exported).
 */
import { decodeModel } from "../../src/core/onnx/codec.ts";
import {
  castConstant,
  type Constant,
  reshapeConstant,
  transposeConstant,
} from "../../src/core/onnx/constant.ts";
import { graphFromModel } from "../../src/core/onnx/from-proto.ts";
import { materialise, noExternalData } from "../../src/core/onnx/materialise.ts";
import type { SafetensorsEntry } from "../../src/core/tensor/safetensors.ts";
import { readFixture } from "./fixture.ts";

export type DiffusersPart = "unet" | "text_encoder" | "vae";

type Entry = readonly [source: string | number, transposed: boolean, dims: readonly number[]];

/** A part's weights as float16, which is what they were before they were exported. */
export async function defaultWeights(part: DiffusersPart): Promise<Map<string, SafetensorsEntry>> {
  const text = new TextDecoder().decode(await readFixture("tools/default_weights.json"));
  const map = (JSON.parse(text) as Record<DiffusersPart, Record<string, Entry>>)[part];
  const files = new Map<string, ReadonlyMap<string, Constant>>();
  const constantsOf = async (file: string): Promise<ReadonlyMap<string, Constant>> => {
    const known = files.get(file);
    if (known !== undefined) return known;
    const bytes = await readFixture(`public/models/toybox-256/${file}`);
    const { constants } = graphFromModel(decodeModel(bytes));
    files.set(file, constants);
    return constants;
  };
  const weights = new Map<string, SafetensorsEntry>();
  for (const [name, [source, transposed, dims]] of Object.entries(map)) {
    const [file = "", initialiser = ""] = String(source).split(":");
    const stored = (await constantsOf(file)).get(initialiser);
    if (stored === undefined) throw new Error(`${file} has no initialiser ${initialiser}`);
    const turned = transposed
      ? transposeConstant(reshapeConstant(stored, dims.toReversed()), [1, 0])
      : reshapeConstant(stored, dims);
    const constant = castConstant(turned, "float16");
    const bytes = await materialise(constant, noExternalData);
    weights.set(name, { dtype: "float16", dims, bytes });
  }
  return weights;
}
