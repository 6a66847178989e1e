/** @file The bench's work on the nano model: all of it runs, at other sizes too, and native onnxruntime gets its graphs. */
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { nanoFiles } from "../../tests/support/nano-files.ts";
import { decodeModel } from "../../src/core/onnx/codec.ts";
import { graphFromModel } from "../../src/core/onnx/from-proto.ts";
import { readModel } from "../../src/engine/model/read-model.ts";
import { nodeRuntime } from "../../src/engine/ort/runtime-node.ts";
import { nativeWork } from "../peers/native-graphs.ts";
import { ownSide } from "../peers/own-side.ts";
import { openWork } from "./own-work.ts";
import { comparedWork, type WorkSpec } from "./spec.ts";

const runtime = nodeRuntime(1);

const WORK: readonly WorkSpec[] = [
  ...comparedWork(2).map(({ spec }) => spec),
  { work: "training_step", batch: 1 },
  { work: "training_step", batch: 4, concepts: 3 },
  { work: "training_step", batch: 2, size: 24 },
];

it.each(WORK)("does %j", async (spec) => {
  const files = await nanoFiles("dynamo");
  const answer = ownSide((work) => openWork(work, { runtime, files }));
  expect(await answer({ open: spec })).toEqual({ done: true });
  const run = await answer({ run: true });
  expect("ms" in run ? run.ms : NaN).toBeGreaterThan(0);
  expect(await answer({ release: true })).toEqual({ done: true });
});

it("says why it cannot: the nano model brings nothing to merge with", async () => {
  const files = await nanoFiles("dynamo");
  const answer = ownSide((work) => openWork(work, { runtime, files }));
  expect(await answer({ open: { work: "merge", concepts: 2 } })).toEqual({
    absent: "The default model brings no Gram matrix.",
  });
});

it("writes the graphs of a training step as ONNX files", async () => {
  const model = await readModel("nano", await nanoFiles("dynamo"));
  const folder = await mkdtemp(path.join(tmpdir(), "studio-native-"));
  const work = await nativeWork({ work: "training_step", batch: 4 }, model, runtime, folder);
  expect(work?.captions).toBe(2);
  expect(Object.keys(work?.graphs ?? {})).toEqual(["text", "text_gradient", "training"]);
  const file = work?.graphs["training"] ?? "";
  const written = graphFromModel(decodeModel(await readFile(file), `"${file}"`));
  expect(written.inputs.map(({ name }) => name)).toContain("kv");
  expect(await nativeWork({ work: "open" }, model, runtime, folder)).toBeNull();
});
