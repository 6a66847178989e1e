/** @file What the driver says of memory is read, and the most of it is kept. */
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { MemoryWatch, usedBytes } from "./gpu-memory.ts";

it.each([
  ["523\n", 523 * 2 ** 20],
  ["523\n1024\n", 1547 * 2 ** 20],
  ["[N/A]\n", null],
  ["", null],
])("reads %j", (csv, bytes) => {
  expect(usedBytes(csv)).toBe(bytes);
});

it("keeps the most there was, and begins anew when it is asked", async () => {
  let now = 5;
  const watch = new MemoryWatch(() => Promise.resolve(now));
  await sleep(0);
  now = 3;
  expect(await watch.mostSoFar()).toBe(5);
  expect(await watch.mostSoFar()).toBe(3);
  await watch.stop();
});

it("knows nothing where nobody tells", async () => {
  const watch = new MemoryWatch(() => Promise.resolve(null));
  expect(await watch.mostSoFar()).toBeNull();
  await watch.stop();
});
