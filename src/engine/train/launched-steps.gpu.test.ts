/**
 * @file Two steps that are launched, recorded and not checked give what two give that are waited for, with everything about
 * the GPU switched off: losses, norms, weights and rows, to the last bit.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { nanoSamples, nanoTraining } from "../../../tests/support/nano-training.ts";
import { OPTIMISATIONS, optimisationsWithout } from "../../core/optimisations.ts";
import { requestAdapter, requestDevice } from "../device.ts";
import { type Model, readModel } from "../model/read-model.ts";
import { browserRuntime } from "../ort/runtime-browser.ts";
import { Trainer } from "./trainer.ts";

let device: GPUDevice;
let model: Model;
const problems: string[] = [];

beforeAll(async () => {
  const adapter = await requestAdapter();
  device = await requestDevice(adapter!);
  device.addEventListener("uncapturederror", ({ error }) => problems.push(error.message));
  model = await readModel("nano", await nanoFiles("dynamo"));
});

afterAll(() => {
  device.destroy();
  expect(problems).toEqual([]);
});

async function twoSteps(without: string) {
  const runtime = await browserRuntime(device, 1, optimisationsWithout(without));
  const { settings } = nanoTraining({ batch: 2, microBatch: 2 });
  const token = { token: "<new1>", category: "bear" };
  const trainer = await Trainer.open(model, runtime, settings, [token]);
  for (const step of [1, 2]) await trainer.take(nanoSamples(step));
  const reports = await trainer.reports();
  const concept = await trainer.concept();
  const state = await trainer.state();
  await trainer.release();
  return {
    reports: reports.map(({ step, losses, gradientNorm, skipped }) => ({
      step,
      losses: [...losses],
      gradientNorm,
      skipped,
    })),
    row: concept.tokens[0]!.row,
    difference: concept.kvDifference!,
    state,
  };
}

it("launched and waited for", async () => {
  const gpu = Object.keys(OPTIMISATIONS).filter((name) => name.startsWith("gpu-"));
  const [on, off] = [await twoSteps(""), await twoSteps(gpu.join())];
  console.info(JSON.stringify(on.reports));
  expect(on.reports).toEqual(off.reports);
  expect(on.reports.map(({ step }) => step)).toEqual([1, 2]);
  expect(on.row).toEqual(off.row);
  expect(on.difference).toEqual(off.difference);
  expect(on.state).toEqual(off.state);
  expect(on.state.step).toBe(2);
});
