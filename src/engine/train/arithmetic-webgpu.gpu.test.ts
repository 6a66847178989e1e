/** @file The training arithmetic on the GPU does what its float64 twin does, and no command of it is refused. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { floatsOf, testQueue } from "../../../tests/support/kernels.ts";
import { testTrainingArithmetic } from "../../../tests/support/training-arithmetic.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import type { KernelQueue } from "../kernels/kernel-queue.ts";
import { isOnDevice } from "../tensor.ts";
import { createWebGpuArithmetic } from "./arithmetic-webgpu.ts";

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
