/**
 * @file The graphs of Stable Diffusion 1.5 and 2.1 at their full size: committed structures whose weights are named
 * and nowhere (tools/make_structures.py).
 */
import { gunzipSync } from "node:zlib";
import { decodeModel } from "../../src/core/onnx/codec.ts";
import type { Constant } from "../../src/core/onnx/constant.ts";
import { graphFromModel } from "../../src/core/onnx/from-proto.ts";
import type { Graph } from "../../src/core/onnx/graph.ts";
import { elementCount } from "../../src/core/tensor/shape.ts";
import { readFixture } from "./fixture.ts";
import type { NanoPart } from "./nano.ts";

export type StructureModel = "sd15" | "sd21";
export type StructureStyle = "legacy" | "dynamo" | "legacy-fp16" | "legacy-converted-fp16";

/** Parameters of each part as PyTorch counts them, and of the UNet's key and value projections. */
export type Counts = Readonly<Record<NanoPart | "keysAndValues", number>>;

const FOLDER = "tests/fixtures/structures";

export async function structure(
  model: StructureModel,
  style: StructureStyle,
  part: NanoPart,
): Promise<Graph> {
  const packed = await readFixture(`${FOLDER}/${model}/${style}/${part}.onnx.gz`);
  return graphFromModel(decodeModel(gunzipSync(packed)));
}

export async function structureCounts(model: StructureModel): Promise<Counts> {
  const text = new TextDecoder().decode(await readFixture(`${FOLDER}/${model}/counts.json`));
  return JSON.parse(text) as Counts;
}

/** Elements of the weights that the constants are made of, each range of the file counted once. */
export function parameterCount(constants: Iterable<Constant>): number {
  const ranges = new Map<number, number>();
  for (const constant of constants) addRanges(ranges, constant);
  return [...ranges.values()].reduce((sum, count) => sum + count, 0);
}

function addRanges(ranges: Map<number, number>, { data, dims }: Constant): void {
  if (data.kind === "derived") addRanges(ranges, data.from);
  else if (data.kind === "joined") for (const part of data.parts) addRanges(ranges, part);
  else if (data.kind === "external") ranges.set(data.offset, elementCount(dims));
}
