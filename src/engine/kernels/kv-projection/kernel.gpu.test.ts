/** @file The packed key/value projection on the GPU agrees with its float64 twin, in every variant that the device has. */
import { afterAll, beforeAll, it } from "vitest";
import {
  expectWithin,
  floatsOf,
  runKernels,
  storageOf,
  testQueue,
} from "../../../../tests/support/kernels.ts";
import { normals } from "../../../../tests/support/seeded.ts";
import { projectKv } from "../../../core/surgery/kv-projection.ts";
import { candidates } from "../choose-product.ts";
import { BOUNDS, type Bounds } from "../grid.ts";
import type { KernelQueue } from "../kernel-queue.ts";
import type { Variant } from "../tiled-matmul/variant.ts";
import { kvProjection, kvProjectionKernel } from "./index.ts";

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

it.each([
  { batch: 1, tokens: 3, textWidth: 5, columns: 6 },
  { batch: 2, tokens: 32, textWidth: 16, columns: 64 },
  { batch: 2, tokens: 77, textWidth: 33, columns: 130 },
  { batch: 1, tokens: 77, textWidth: 768, columns: 320 },
])("B $batch, L $tokens, E $textWidth, S $columns", async (shape) => {
  const { batch, tokens, textWidth, columns } = shape;
  const c = normals(2, "c", batch * tokens * textWidth);
  const w = normals(2, "w", textWidth * columns);
  const buffers = {
    c: await storageOf(queue, c),
    w: await storageOf(queue, w),
    kv: await storageOf(queue, batch * tokens * columns),
  };
  const expected = projectKv(c, w, shape);
  const agrees = async (bounds: Bounds, variant?: Variant): Promise<void> => {
    await runKernels(queue, kvProjection(shape, buffers, bounds, variant));
    const kv = await floatsOf(queue, buffers.kv, expected.length);
    expectWithin(kv, expected, kvProjectionKernel(variant).tolerance, textWidth);
    queue.device.queue.writeBuffer(buffers.kv, 0, new Float32Array(expected.length));
  };
  // In one launch, and cut into several by each of the two bounds.
  for (const bounds of [BOUNDS, { ...BOUNDS, multiplyAdds: 1e6 }, { ...BOUNDS, workgroups: 1 }]) {
    await agrees(bounds);
  }
  for (const variant of candidates(queue.device, shape, true)) await agrees(BOUNDS, variant);
});
