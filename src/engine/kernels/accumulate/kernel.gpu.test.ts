/** @file Adding vectors on the GPU, over every edge of the grid, and nothing behind their end. */
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  expectWithin,
  floatsOf,
  runKernels,
  storageOf,
  testQueue,
} from "../../../../tests/support/kernels.ts";
import { normals } from "../../../../tests/support/seeded.ts";
import { BOUNDS } from "../grid.ts";
import type { KernelQueue } from "../kernel-queue.ts";
import { accumulate, accumulateKernel } from "./index.ts";
import { accumulateReference } from "./reference.ref.ts";

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

// Less than a workgroup, one, not a multiple, more than a row of the grid (which is 4 workgroups here).
it.each([1, 256, 1000, 5 * 256 + 3])("%d numbers", async (count) => {
  const y = normals(4, "y", count + 1);
  const x = normals(4, "x", count + 1);
  const buffers = { y: await storageOf(queue, y), x: await storageOf(queue, x) };
  await runKernels(queue, [accumulate(count, buffers, { ...BOUNDS, workgroups: 4 })]);
  const got = await floatsOf(queue, buffers.y, count + 1);
  const expected = accumulateReference(y.subarray(0, count), x.subarray(0, count));
  expectWithin(got.subarray(0, count), expected, accumulateKernel.tolerance);
  expect(got[count]).toBe(y[count]);
});

it("a stretch of one to a stretch of the other", async () => {
  const y = normals(4, "y", 700);
  const x = normals(4, "x", 500);
  const buffers = { y: await storageOf(queue, y), x: await storageOf(queue, x) };
  await runKernels(queue, [accumulate(300, buffers, BOUNDS, { from: 70, to: 333 })]);
  const expected = Float32Array.from(y);
  for (let i = 0; i < 300; i++) expected[333 + i]! += x[70 + i]!;
  expect(await floatsOf(queue, buffers.y, 700)).toEqual(expected);
});

it("fails where the GPU refuses the launch", async () => {
  const buffer = await storageOf(queue, 4);
  // The same buffer is read and written: WebGPU forbids it.
  const launch = runKernels(queue, [accumulate(4, { y: buffer, x: buffer })]);
  await expect(launch).rejects.toThrow(/refused a kernel's launch/);
});
