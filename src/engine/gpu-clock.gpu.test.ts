/** @file The GPU's clock tells kernels apart by their names, and the developer's breakdown has both clocks. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { storageOf, testQueue } from "../../tests/support/kernels.ts";
import { accumulate, accumulateKernel } from "./kernels/accumulate/index.ts";
import type { KernelQueue } from "./kernels/kernel-queue.ts";
import { Timings } from "./timings.ts";

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
  await queue.prepare([accumulateKernel]);
});

afterAll(() => {
  queue.device.destroy();
});

it("is read as long as somebody looks, and not before", async () => {
  const timings = new Timings(queue.device);
  const buffers = { y: await storageOf(queue, 1000), x: await storageOf(queue, 1000) };
  const step = async (): Promise<void> => {
    await timings.measure("launches", async () => {
      queue.submit([accumulate(1000, buffers), accumulate(1000, buffers)]);
      await queue.settled();
    });
    await timings.over("training step", 10, 2);
  };
  await step();
  expect(timings.look()).toBeNull();
  // The first step that is looked at starts the clock, the next is timed by it.
  await step();
  await step();
  const breakdown = timings.look()!;
  expect(breakdown).toMatchObject({ what: "training step", milliseconds: 5 });
  const named = new Map(breakdown.sections.map((section) => [section.name, section]));
  expect([...named.keys()]).toEqual(["launches", "accumulate"]);
  expect(named.get("launches")!.milliseconds).toBeGreaterThan(0);
  expect(named.get("launches")!.gpuMilliseconds).toBeNull();
  expect(named.get("accumulate")!.milliseconds).toBeNull();
  expect(named.get("accumulate")!.gpuMilliseconds).toBeGreaterThanOrEqual(0);
  await queue.settled();
});
