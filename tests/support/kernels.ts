/** @file Kernels on a device of the test's own: every complaint of the GPU fails the test, distances are elementwise. */
import { expect } from "vitest";
import { requestAdapter, requestDevice } from "../../src/engine/device.ts";
import { createStorage } from "../../src/engine/kernels/buffers.ts";
import type { Dispatch, Tolerance } from "../../src/engine/kernels/define-kernel.ts";
import { KernelQueue } from "../../src/engine/kernels/kernel-queue.ts";

/** One device a test file: drivers in software do not survive many. */
export async function testQueue(): Promise<KernelQueue> {
  const adapter = await requestAdapter();
  if (adapter === null) throw new Error("there is no WebGPU adapter");
  return new KernelQueue(await requestDevice(adapter));
}

/** A buffer that holds the numbers, or as many zeros. */
export async function storageOf(
  { device }: KernelQueue,
  contents: Float32Array | number,
): Promise<GPUBuffer> {
  const words = typeof contents === "number" ? contents : contents.length;
  const buffer = await createStorage(device, words, "a test");
  if (typeof contents !== "number") device.queue.writeBuffer(buffer, 0, contents);
  return buffer;
}

/** Compiles, launches, and fails on whatever the GPU objects to. */
export async function runKernels(
  queue: KernelQueue,
  dispatches: readonly Dispatch[],
): Promise<void> {
  await queue.prepare(dispatches.map(({ kernel }) => kernel));
  queue.submit(dispatches);
  await queue.settled();
}

export async function floatsOf(
  queue: KernelQueue,
  buffer: GPUBuffer,
  length: number,
): Promise<Float32Array> {
  return new Float32Array(await queue.read(buffer, 4 * length));
}

/**
 * |got - expected| <= atol · terms + rtol · |expected|, element by element; NaN is within nothing.
 * @param terms how many terms each element is a sum of
 */
export function expectWithin(
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  { rtol, atol }: Tolerance,
  terms = 1,
): void {
  expect(got.length).toBe(expected.length);
  let worst = { ratio: 0, message: "" };
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(got[i]! - expected[i]!);
    const ratio = error / (atol * terms + rtol * Math.abs(expected[i]!));
    // Where nothing is allowed and nothing is off, the ratio is NaN.
    if (error !== 0 && !(ratio <= worst.ratio)) {
      worst = { ratio, message: `element ${i}: ${got[i]} instead of ${expected[i]}` };
    }
  }
  expect(worst.ratio, worst.message).toBeLessThanOrEqual(1);
}
