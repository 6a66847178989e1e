/** @file The training arithmetic on the GPU does what its float64 twin does, and no command of it is refused. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { floatsOf, storageOf, testQueue } from "../../../tests/support/kernels.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { testTrainingArithmetic } from "../../../tests/support/training-arithmetic.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import type { KernelQueue } from "../kernels/kernel-queue.ts";
import { isOnDevice } from "../tensor.ts";
import { createWebGpuArithmetic } from "./arithmetic-webgpu.ts";
import { MOST_LAUNCHED, REPORT_BYTES, type UpdateReport } from "./arithmetic.ts";
import { CORRECTIONS } from "./parameter-buffers.ts";

let queue: KernelQueue;
/** What no error scope has caught. */
const complaints: string[] = [];

beforeAll(async () => {
  queue = await testQueue();
  queue.device.addEventListener("uncapturederror", ({ error }) => complaints.push(error.message));
});

afterAll(() => {
  queue.device.destroy();
  expect(complaints).toEqual([]);
});

describe("TrainingArithmetic on WebGPU", () => {
  testTrainingArithmetic(
    (settings) => createWebGpuArithmetic(queue.device, settings),
    (tensor) =>
      isOnDevice(tensor)
        ? floatsOf(queue, tensor.buffer, elementCount(tensor.dims))
        : Promise.resolve(Float32Array.from(tensor.data)),
  );
});

it("products with float16 operands, where they are chosen, are as near as those round", async () => {
  const { device } = queue;
  const settings = {
    groups: [],
    kvWeights: normals(1, "kv", 16 * 40),
    textWidth: 16,
    columns: 40,
    tokens: 5,
    adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    maxGradientNorm: null,
    lossScale: null,
  };
  const features = { dims: [2, 5, 16], data: normals(1, "c", 2 * 5 * 16) };
  const dKv = { dims: [2, 5, 40], data: normals(1, "dKv", 2 * 5 * 40).map((x) => 1e-6 * x) };
  const results: Float32Array[][] = [];
  for (const choice of [{}, { tunedFor: 2, half: true }]) {
    const arithmetic = await createWebGpuArithmetic(device, settings, choice);
    const kv = await arithmetic.projectKv(features);
    if (!isOnDevice(kv)) throw new Error("not on the GPU");
    const dC = await arithmetic.backwardKv(features, dKv);
    results.push([await floatsOf(queue, kv.buffer, 2 * 5 * 40), Float32Array.from(dC.data)]);
    await arithmetic.release();
  }
  const [full, half] = results as [Float32Array[], Float32Array[]];
  // Two operands within 2^-10 of themselves; without float16 every variant is the same to the last bit.
  const tolerance = device.features.has("shader-f16") ? 2 ** -9 : 0;
  full.forEach((expected, i) => {
    const distance = relativeL2(half[i]!, expected);
    console.info(`with float16 allowed: ${distance.toExponential(1)} from float32`);
    expect(distance).toBeLessThanOrEqual(tolerance);
  });
});

describe("updates that are launched", () => {
  const settings = {
    groups: [
      { name: "kv", initial: normals(1, "kv", 8), learningRate: 0.1, weightDecay: 0.1 },
    ] as const,
    kvWeights: new Float32Array(8),
    textWidth: 2,
    columns: 4,
    tokens: 3,
    adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    maxGradientNorm: 1,
    lossScale: null,
  };
  /** The second cannot be applied. */
  const gradients = [1, 2, 3].map((seed) =>
    normals(seed, "gradient", 8).map((x) => (seed === 2 ? Infinity : x)),
  );

  it("come to what updates come to that are waited for, left-out ones too", async () => {
    const waited = await createWebGpuArithmetic(queue.device, settings);
    const launched = await createWebGpuArithmetic(queue.device, settings);
    const log = await storageOf(queue, (3 * REPORT_BYTES) / 4);
    const expected: UpdateReport[] = [];
    for (const [i, data] of gradients.entries()) {
      await waited.accumulate("kv", { dims: [8], data });
      expected.push(await waited.update());
      await launched.accumulate("kv", { dims: [8], data });
      launched.launchUpdate(log, i * REPORT_BYTES);
    }
    const bytes = await queue.read(log, 3 * REPORT_BYTES);
    const reports = gradients.map((_, i) =>
      launched.readReport(bytes.slice(i * REPORT_BYTES, (i + 1) * REPORT_BYTES)),
    );
    expect(reports).toEqual(expected);
    expect(reports.map(({ skipped }) => skipped)).toEqual([false, true, false]);
    const state = await launched.state();
    expect(state).toEqual(await waited.state());
    expect(state).toMatchObject({ step: 2, skipped: 1 });
    await waited.release();
    await launched.release();
    log.destroy();
  });

  it("hand the scale that they leave to the next gradients, before anybody has read it", async () => {
    const lossScale = { initial: 1024, growthFactor: 2, backoffFactor: 0.5, growthInterval: 2 };
    const arithmetic = await createWebGpuArithmetic(queue.device, { ...settings, lossScale });
    const log = await storageOf(queue, REPORT_BYTES / 4);
    const seen: number[] = [];
    for (const seed of [2, 1, 3, 2]) {
      await arithmetic.accumulate("kv", { dims: [8], data: gradients[seed - 1]! });
      arithmetic.launchUpdate(log, 0);
      const { buffer, dims } = arithmetic.launchedScale;
      expect(dims).toEqual([]);
      seen.push(...(await floatsOf(queue, buffer, 1)));
    }
    // Halved, one good step, doubled after the second, halved.
    expect(seen).toEqual([512, 512, 1024, 512]);
    // What was last read is what they started from.
    expect(arithmetic.lossScale).toBe(1024);
    await arithmetic.release();
    log.destroy();
  });

  it("are refused once too many of them are not waited for", async () => {
    const arithmetic = await createWebGpuArithmetic(queue.device, settings);
    const log = await storageOf(queue, REPORT_BYTES / 4);
    for (let i = 0; i < MOST_LAUNCHED; i++) arithmetic.launchUpdate(log, 0);
    expect(() => arithmetic.launchUpdate(log, 0)).toThrow(/Too many updates/);
    arithmetic.readReport(await queue.read(log, REPORT_BYTES));
    arithmetic.launchUpdate(log, 0);
    await arithmetic.release();
    log.destroy();
  });

  it("go by a table of corrections that is written anew in time", async () => {
    const arithmetic = await createWebGpuArithmetic(queue.device, settings);
    const { values, m, v } = await arithmetic.state();
    const counts = { lossScale: 1, goodSteps: 0, skipped: 0 };
    const data = normals(4, "gradient", 8);
    const after = async (step: number): Promise<Float32Array> => {
      await arithmetic.restore({ values, m, v, ...counts, step });
      await arithmetic.accumulate("kv", { dims: [8], data });
      await arithmetic.update();
      return arithmetic.read("kv");
    };
    const direct = await after(CORRECTIONS + 1);
    await arithmetic.restore({ values, m, v, ...counts, step: 0 });
    for (let step = 0; step <= CORRECTIONS; step++) await arithmetic.update();
    // Without gradients moments stay zero and values decay: only the count of updates is left of them.
    const state = await arithmetic.state();
    expect({ m: state.m, v: state.v, step: state.step }).toEqual({ m, v, step: CORRECTIONS + 1 });
    await arithmetic.accumulate("kv", { dims: [8], data });
    const before = await arithmetic.read("kv");
    await arithmetic.update();
    const moved = (await arithmetic.read("kv")).map((x, i) => x - before[i]! * (1 - 0.01));
    const expected = direct.map((x, i) => x - values[i]! * (1 - 0.01));
    expect(relativeL2(moved, expected)).toBeLessThan(1e-5);
    await arithmetic.release();
  });
});

describe("buffers", () => {
  const settings = {
    groups: [],
    kvWeights: new Float32Array(8),
    textWidth: 2,
    columns: 4,
    tokens: 3,
    adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
    maxGradientNorm: null,
    lossScale: null,
  };
  const features = { dims: [1, 3, 2], data: new Float32Array(6) };

  it("come back to be used again, once each", async () => {
    const arithmetic = await createWebGpuArithmetic(queue.device, settings);
    const project = async () => {
      const kv = await arithmetic.projectKv(features);
      if (!isOnDevice(kv)) throw new Error("not on the GPU");
      return kv;
    };
    const first = await project();
    first.dispose();
    first.dispose();
    const [second, third] = [await project(), await project()];
    expect(second.buffer).toBe(first.buffer);
    expect(third.buffer).not.toBe(first.buffer);
    await arithmetic.release();
  });

  it("that the device cannot bind are refused in words", async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const small = await adapter!.requestDevice();
    const most = small.limits.maxStorageBufferBindingSize;
    const kvWeights = new Float32Array(most / 4 + 4);
    await expect(createWebGpuArithmetic(small, { ...settings, kvWeights })).rejects.toMatchObject({
      code: "backend-unavailable",
      message: expect.stringMatching(
        /at most 128 MiB .* the key and value weights need 129/,
      ) as string,
    });
    small.destroy();
  });
});
