/** @file `npm run profile` as a person runs it, on the nano model and on one of its files, and what it refuses. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { beforeAll, expect, it } from "vitest";
import { writeNanoFolder } from "../../tests/support/nano-folder.ts";
import type { Profile } from "./read-profile.ts";

let nano: string;

beforeAll(async () => {
  nano = await writeNanoFolder("nano");
});

function profile(...parameters: string[]) {
  const args = ["--import", "tsx", "bench/profile/run.ts", ...parameters];
  const cwd = new URL("../../", import.meta.url).pathname;
  return spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
}

it("names what a training step spends its time in", () => {
  const options = ["--batch", "2", "--threads", "1", "--runs", "1", "--top", "50", "--json"];
  const { status, stdout, stderr } = profile("training", "--model", nano, ...options);
  expect([status, stderr]).toEqual([0, ""]);
  const report = JSON.parse(stdout) as Profile & { readonly graph: string };
  expect(report.graph).toBe("training of nano, batch 2");
  expect(report.operators.length).toBeGreaterThan(10);
  expect(report.operators.map(({ operator }) => operator)).toEqual(
    expect.arrayContaining(["Conv", "MatMul"]),
  );
  expect(report.nodes[0]?.ms).toBeGreaterThanOrEqual(report.nodes[9]?.ms ?? NaN);
  expect(report.nodesMs).toBeLessThanOrEqual(report.runMs);
});

it("takes an ONNX file as it is, and says what it fixed", () => {
  const file = path.join(nano, "text_encoder/model.onnx");
  const { status, stdout, stderr } = profile(file, "--threads", "1", "--runs", "1", "--top", "3");
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^model\.onnx, 1 thread\nfixed where the file leaves it open: .* = 1/);
});

it.each([
  [["nowhere.onnx"], '"nowhere.onnx" cannot be read; give the path of an .onnx file.'],
  [["unet", "--model", "nowhere"], /^There is no model "nowhere"; /],
  [["training", "--top", "all"], /^--top must be a whole number/],
])("refuses %j in one sentence", (parameters, sentence) => {
  const { status, stdout, stderr } = profile(...parameters);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr.trim()).toMatch(sentence);
});
