/**
 * @file Every variant compiles where a device has what it needs: on Dawn's GPU that does nothing, which has float16 and
 * subgroups on every machine. Dawn checks the WGSL and the pipeline; results are the business of the tests on a GPU.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { requestDevice } from "../device.ts";
import { type Dawn, openDawn } from "../ort/dawn-node.ts";
import { candidates } from "./choose-product.ts";
import { gradientNormKernels } from "./gradient-norm/index.ts";
import { REDUCTIONS } from "./gradient-norm/sum.wgsl.ts";
import { KernelQueue } from "./kernel-queue.ts";
import { kvBackwardKernels } from "./kv-backward/index.ts";
import { kvProjectionKernel } from "./kv-projection/index.ts";
import { TILES, variantName } from "./tiled-matmul/variant.ts";

let dawn: Dawn;
let queue: KernelQueue;

beforeAll(async () => {
  dawn = await openDawn(["backend=null"]);
  queue = new KernelQueue(await requestDevice(dawn.adapter));
});

afterAll(() => {
  queue.device.destroy();
  dawn.release();
});

it("products, float16 among them", async () => {
  const variants = candidates(queue.device, { textWidth: 16, columns: 24 }, true);
  expect(variants.filter(({ half }) => half)).toHaveLength(2 * TILES.length);
  for (const variant of variants) {
    const kernels = [kvProjectionKernel(variant), ...kvBackwardKernels(variant)];
    await expect(queue.prepare(kernels), variantName(variant)).resolves.toBeUndefined();
  }
});

it.each(REDUCTIONS)("the gradient's norm, %s", async (reduction) => {
  await expect(queue.prepare(gradientNormKernels(reduction))).resolves.toBeUndefined();
});
