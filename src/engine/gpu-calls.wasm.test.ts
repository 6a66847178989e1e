/**
 * @file What a training step and a denoising step ask of the GPU: launches, submissions, read-backs. On Dawn's GPU that
 * does nothing, which every machine has; results are not looked at.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countGpuCalls, type GpuCalls } from "../../tests/support/gpu-calls.ts";
import { nanoFiles } from "../../tests/support/nano-files.ts";
import { nanoSamples, nanoTraining } from "../../tests/support/nano-training.ts";
import { optimisationsWithout } from "../core/optimisations.ts";
import { normal } from "../core/random/normal.ts";
import { elementCount } from "../core/tensor/shape.ts";
import { type Model, readModel } from "./model/read-model.ts";
import { openUnet } from "./model/unet.ts";
import { whileCompiling } from "./ort/compiling.ts";
import { nodeWebGpuRuntime, type WebGpuRuntime } from "./ort/runtime-node.ts";
import { inPrecision } from "./precision.ts";
import { Trainer } from "./train/trainer.ts";

let model: Model;

beforeAll(async () => {
  model = await readModel("nano", await nanoFiles("dynamo"));
});

/** The first step where everything is compiled and recorded before, or else the second. */
async function trainingStep({
  runtime,
}: WebGpuRuntime): Promise<{ readonly step: GpuCalls; readonly told: GpuCalls }> {
  const { settings } = nanoTraining({ batch: 2, microBatch: 2 });
  const trainer = await Trainer.open(model, runtime, settings, [
    { token: "<new1>", category: "bear" },
  ]);
  const compiled: number[] = [];
  await whileCompiling(
    runtime.device,
    (done) => compiled.push(done),
    () => trainer.warmUp(),
  );
  if (runtime.optimisations.has("gpu-graph-capture")) {
    expect(compiled.length, "pipelines are told of one by one").toBeGreaterThan(50);
    expect(compiled).toEqual(compiled.map((_, i) => i + 1));
  } else await trainer.trainOn(nanoSamples());
  const calls = await countGpuCalls(() => trainer.take(nanoSamples()));
  const told = await countGpuCalls(() => trainer.reports());
  await trainer.release();
  return { step: calls, told };
}

async function denoisingStep({ runtime }: WebGpuRuntime): Promise<GpuCalls> {
  const unet = await openUnet(model, runtime, 2);
  const { columns, textWidth } = model.unet.kv;
  const kv = { dims: [2, 77, columns], data: normal(textWidth, 2 * 77 * columns) };
  const predict = () => unet.predict(normal(1, elementCount(unet.latents)), 500, kv);
  await predict();
  const calls = await countGpuCalls(predict);
  await unet.release();
  return calls;
}

it("a training step in float16 has a few more launches, casts, and waits for nothing either", async () => {
  const gpu = await nodeWebGpuRuntime(undefined, ["backend=null"]);
  const { runtime } = gpu;
  const { step: single } = await trainingStep(gpu);
  const { step, told } = await trainingStep({ ...gpu, runtime: inPrecision(runtime, "float16") });
  console.info(`training step, float16: ${JSON.stringify(step)}`);
  expect(step.maps).toBe(0);
  expect(told.maps).toBe(1);
  expect(step.pipelines).toBe(0);
  expect(step.bindGroups).toBeLessThanOrEqual(12);
  expect(step.dispatches / single.dispatches).toBeGreaterThan(1.05);
  expect(step.dispatches / single.dispatches).toBeLessThan(1.2);
  gpu.release();
});

describe.each([
  ["everything on", ""],
  ["everything off", "all"],
])("%s", (name, without) => {
  let gpu: WebGpuRuntime;

  beforeAll(async () => {
    gpu = await nodeWebGpuRuntime(optimisationsWithout(without), ["backend=null"]);
  });

  afterAll(() => {
    gpu.release();
  });

  it("training step of two images", async () => {
    const { step, told } = await trainingStep(gpu);
    console.info(`training step, ${name}: ${JSON.stringify(step)}`);
    expect(step.pipelines, "everything is compiled before").toBe(0);
    if (without !== "") return;
    expect(step.maps, "nothing comes back from a step").toBe(0);
    expect(told.maps, "until it is told of").toBe(1);
    expect(step.bindGroups, "only our own kernels are bound anew").toBeLessThanOrEqual(12);
    // onnxruntime submits sixteen launches at a time.
    expect(step.submits).toBeLessThanOrEqual(step.dispatches / 16 + 30);
  });

  it("denoising step with guidance", async () => {
    const calls = await denoisingStep(gpu);
    console.info(`denoising step, ${name}: ${JSON.stringify(calls)}`);
    expect(calls.pipelines, "everything is compiled in the first step").toBe(0);
    expect(calls.maps, "the prediction comes back, and nothing else").toBe(1);
    if (without !== "") return;
    expect(calls.bindGroups).toBe(0);
    expect(calls.submits).toBeLessThanOrEqual(calls.dispatches / 16 + 2);
  });
});
