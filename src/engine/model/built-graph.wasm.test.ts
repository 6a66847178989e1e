/**
 * @file A model as a folder of diffusers' safetensors computes what its ONNX export does, number for number, because
 * the graphs that sessions get are the same; and it is read range by range.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { defaultDiffusersFiles, filesOf } from "../../../tests/support/diffusers-files.ts";
import { fuse } from "../../core/passes/fuse.ts";
import type { Graph } from "../../core/onnx/graph.ts";
import { normal } from "../../core/random/normal.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import { folderFiles } from "../../hub/folder-files.ts";
import type { ModelFiles } from "../../hub/model-files.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { Session } from "../ort/session.ts";
import type { HostTensor } from "../tensor.ts";
import { type Model, type ModelPart, readModel } from "./read-model.ts";
import { vaeGraph } from "./vae.ts";

/**
 * Of the largest output. Node for node the graphs are those of the export, and the results were the same to the last bit;
 * the order of a sum may depend on a thread's share of it.
 */
const TOLERANCE = 1e-5;

const runtime = nodeRuntime(2);
const folder = new URL("../../../public/models/toybox-256", import.meta.url).pathname;

let exported: Model;
let built: Model;
/** Bytes that were asked for at one time, at most, and whole files that were read. */
const asked = { most: 0, whole: [] as string[] };

beforeAll(async () => {
  exported = await readModel("toybox-256", folderFiles(folder));
  const files = filesOf(await defaultDiffusersFiles());
  const watched: ModelFiles = {
    read(path) {
      asked.whole.push(path);
      return files.read(path);
    },
    range(path, offset, length) {
      asked.most = Math.max(asked.most, length);
      return files.range(path, offset, length);
    },
  };
  built = await readModel("toybox-256", watched);
});

async function outputOf(graph: Graph, model: Model, part: ModelPart): Promise<Float32Array> {
  const session = await Session.create(runtime, graph, model.reader(part), { name: part });
  const feeds = Object.fromEntries(
    graph.inputs.map((input, i): [string, HostTensor] => {
      const dims = input.dims.map(Number);
      return [input.name, { dims, data: normal(i, elementCount(dims)) }];
    }),
  );
  const output = Object.values(await session.run(feeds))[0];
  await session.release();
  return Float32Array.from(output?.data ?? []);
}

function expectSame(got: Float32Array, expected: Float32Array): void {
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const off = got.reduce((most, x, i) => Math.max(most, Math.abs(x - (expected[i] ?? NaN))), 0);
  expect(got.length).toBe(expected.length);
  expect(largest).toBeGreaterThan(0);
  expect(off / largest).toBeLessThan(TOLERANCE);
}

const operators = (graph: Graph): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const { opType } of fuse(graph, runtime.fused).nodes) {
    counts[opType] = (counts[opType] ?? 0) + 1;
  }
  return counts;
};

describe("the default model as safetensors, beside its export", () => {
  it("is the same base model to concepts", () => {
    expect(built.fingerprint).toBe(exported.fingerprint);
    expect(relativeL2(built.kvWeights, exported.kvWeights)).toBe(0);
    expect(relativeL2(built.embeddings, exported.embeddings)).toBe(0);
  });

  it("predicts the same noise, with the same operators", async () => {
    const [a, b] = [built.unetOf(2).graph, exported.unetOf(2).graph];
    expect(operators(a)).toEqual(operators(b));
    expectSame(await outputOf(a, built, "unet"), await outputOf(b, exported, "unet"));
  });

  it.each([77, 20])("encodes %i tokens alike", async (tokens) => {
    const [a, b] = [built, exported].map((model) => model.textEncoderOf(2, tokens).graph);
    const got = await outputOf(a!, built, "text_encoder");
    expectSame(got, await outputOf(b!, exported, "text_encoder"));
  });

  it.each([
    ["vae_encoder", [1, 3, 256, 256]],
    ["vae_decoder", [1, 4, 32, 32]],
  ] as const)("has the same %s", async (part, dims) => {
    const { graph } = await vaeGraph(built, part, dims);
    const other = await vaeGraph(exported, part, dims);
    expect(operators(graph)).toEqual(operators(other.graph));
    expectSame(await outputOf(graph, built, part), await outputOf(other.graph, exported, part));
  });

  it("was never in memory as a whole", () => {
    expect(asked.whole.filter((path) => path.endsWith(".safetensors"))).toEqual([]);
    // The largest that was read at once: the token embeddings, [2086, 256] in float16, or the widest convolution.
    expect(asked.most).toBeLessThanOrEqual(2 * Math.max(2086 * 256, 192 * 384 * 9));
  });
});
