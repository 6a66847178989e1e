/** @file Tensors of safetensors, in one file or several: described by headers alone, and what is said where one is not right. */
import { beforeAll, describe, expect, it } from "vitest";
import { filesOf } from "../../tests/support/diffusers-files.ts";
import { nanoWeights } from "../../tests/support/nano-diffusers.ts";
import { materialise } from "../core/onnx/materialise.ts";
import type { SafetensorsEntry } from "../core/tensor/safetensors.ts";
import { writeSafetensors } from "../core/tensor/safetensors-write.ts";
import { externalReader, type ModelFiles } from "./model-files.ts";
import { readPartTensors } from "./stored-tensors.ts";

const STEM = "text_encoder/model";
const LIST = `${STEM}.safetensors.index.json`;
const SHARDS = [`${STEM}-00001-of-00002.safetensors`, `${STEM}-00002-of-00002.safetensors`];

let weights: Map<string, SafetensorsEntry>;
let sharded: Map<string, Uint8Array>;

beforeAll(async () => {
  weights = await nanoWeights("text_encoder");
  const halves = [0, 1].map((half) => [...weights].filter((_, i) => i % 2 === half));
  const map = halves.flatMap((half, i) =>
    half.map(([name]) => [name, SHARDS[i]?.split("/").at(-1)] as const),
  );
  const index = JSON.stringify({ metadata: {}, weight_map: Object.fromEntries(map) });
  sharded = new Map([
    [LIST, new TextEncoder().encode(index)],
    ...halves.map((half, i) => [SHARDS[i] ?? "", writeSafetensors(new Map(half))] as const),
  ]);
});

const read = (files: ModelFiles) => readPartTensors(files, "text_encoder");

describe("the weights of a part", () => {
  it("may be in several files, each tensor where it lies", async () => {
    const files = filesOf(sharded);
    const found = await read(files);
    expect([...(found?.tensors.keys() ?? [])].sort()).toEqual([...weights.keys()].sort());
    for (const [name, constant] of found?.tensors ?? []) {
      const bytes = await materialise(constant, externalReader(files, "anywhere"));
      expect(Buffer.compare(bytes, weights.get(name)?.bytes ?? Buffer.of()), name).toBe(0);
    }
  });

  it("are taken in half precision where there are both", async () => {
    const both = new Map([
      [`${STEM}.safetensors`, writeSafetensors(weights)],
      [`${STEM}.fp16.safetensors`, writeSafetensors(weights)],
    ]);
    expect((await read(filesOf(both)))?.path).toBe(`${STEM}.fp16.safetensors`);
  });

  it("may be missing", async () => {
    expect(await read(filesOf(new Map()))).toBeNull();
  });

  it.each([
    ["one of the files is not there", { [SHARDS[1] ?? ""]: null }, /no file ".*-00002-of-00002/],
    ["the list lists something else", { [LIST]: '{"weight_map": {"a": "../x"}}' }, /does not list/],
    ["the list is empty", { [LIST]: "{}" }, /does not list the files of the weights/],
    ["a header is cut short", { [SHARDS[0] ?? ""]: "\u0010" }, /"text_encoder\/.*": This is not a/],
  ])("are refused where %s", async (_, changes, sentence) => {
    const files = new Map(sharded);
    for (const [path, content] of Object.entries(changes)) {
      if (content === null) files.delete(path);
      else files.set(path, new TextEncoder().encode(content));
    }
    await expect(read(filesOf(files))).rejects.toThrow(sentence);
  });

  it("are refused, when they are read, where their file ends early", async () => {
    const whole = writeSafetensors(weights);
    const files = filesOf(new Map([[`${STEM}.safetensors`, whole.subarray(0, -8)]]));
    const reads = [...((await read(files))?.tensors.values() ?? [])].map((constant) =>
      materialise(constant, externalReader(files, "anywhere")),
    );
    await expect(Promise.all(reads)).rejects.toThrow(/model\.safetensors", which is cut short/);
  });
});
