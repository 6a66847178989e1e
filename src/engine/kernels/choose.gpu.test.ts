/** @file What is chosen on the device of the tests is one of what it has, and fits the shapes that it is used for. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { testQueue } from "../../../tests/support/kernels.ts";
import { candidates, chooseProduct, productOf } from "./choose-product.ts";
import { chooseReduction, reductionOf, reductionsOn, reductionTimes } from "./choose-reduction.ts";
import type { KernelQueue } from "./kernel-queue.ts";
import { USUAL, variantName } from "./tiled-matmul/variant.ts";

const shape = { batch: 1, tokens: 5, textWidth: 16, columns: 24 };

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

it("products: the usual variant before anything is measured, a candidate after", async () => {
  const { device } = queue;
  expect(productOf(device, shape, true)).toEqual(USUAL);
  await chooseProduct(queue, shape, true);
  const product = productOf(device, shape, true);
  console.info(`products: ${variantName(product)}`);
  expect(candidates(device, shape, true)).toContainEqual(product);
  expect(product.half && !device.features.has("shader-f16")).toBe(false);
  expect(productOf(device, shape, false).half).toBe(false);
  expect(productOf(device, { textWidth: 16, columns: 26 }, true).lanes).toBe(1);
});

it("reductions: the tree before, and after what gave the tree's verdict", async () => {
  const { device } = queue;
  expect(reductionOf(device)).toBe("tree");
  await chooseReduction(queue, 5000);
  console.info(`reduction: ${reductionOf(device)}`);
  expect(reductionsOn(device)).toContain(reductionOf(device));
  expect([...(await reductionTimes(queue, 5000)).keys()]).toEqual(reductionsOn(device));
});
