/** @file Gradients of the packed key/value projection on the GPU agree with their float64 twin, in every variant that the device has. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  expectWithin,
  floatsOf,
  runKernels,
  storageOf,
  testQueue,
} from "../../../../tests/support/kernels.ts";
import { normals } from "../../../../tests/support/seeded.ts";
import { type KvProjectionShape, projectKvBackward } from "../../../core/surgery/kv-projection.ts";
import { candidates } from "../choose-product.ts";
import { BOUNDS } from "../grid.ts";
import type { KernelQueue } from "../kernel-queue.ts";
import { USUAL } from "../tiled-matmul/variant.ts";
import { kvBackwardKernels, kvTextGradient, kvWeightGradient, partialsLength } from "./index.ts";

let queue: KernelQueue;
const [weights, text] = kvBackwardKernels();

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

/** Both gradients from numbers of one's own; the weight gradient is added to one that is there. */
async function gradients(
  shape: KvProjectionShape,
  { c, w, dKv, dW }: Readonly<Record<"c" | "w" | "dKv" | "dW", Float32Array>>,
  bounds = BOUNDS,
  variant = USUAL,
): Promise<{ readonly dW: Float32Array; readonly dC: Float32Array }> {
  const splitDepth = 64;
  const buffers = {
    c: await storageOf(queue, c),
    w: await storageOf(queue, w),
    dKv: await storageOf(queue, dKv),
    dW: await storageOf(queue, dW),
    partials: await storageOf(queue, partialsLength(shape, splitDepth)),
    dC: await storageOf(queue, c.length),
  };
  await runKernels(queue, [
    ...kvWeightGradient(shape, buffers, bounds, variant),
    ...kvTextGradient(shape, buffers, bounds, splitDepth, variant),
  ]);
  const result = {
    dW: await floatsOf(queue, buffers.dW, dW.length),
    dC: await floatsOf(queue, buffers.dC, c.length),
  };
  for (const buffer of Object.values(buffers)) buffer.destroy();
  return result;
}

function seededInputs({ batch, tokens, textWidth, columns }: KvProjectionShape) {
  return {
    c: normals(3, "c", batch * tokens * textWidth),
    w: normals(3, "w", textWidth * columns),
    dKv: normals(3, "dKv", batch * tokens * columns),
    dW: normals(3, "dW", textWidth * columns),
  };
}

describe("agrees with the twin", () => {
  it.each([
    { batch: 1, tokens: 3, textWidth: 5, columns: 6 },
    { batch: 2, tokens: 32, textWidth: 64, columns: 64 },
    { batch: 3, tokens: 7, textWidth: 66, columns: 131 },
    { batch: 2, tokens: 77, textWidth: 96, columns: 1000 },
  ])("B $batch, L $tokens, E $textWidth, S $columns", async (shape) => {
    const inputs = seededInputs(shape);
    const expected = projectKvBackward(inputs.c, inputs.w, inputs.dKv, shape);
    const sum = expected.dW.map((gradient, i) => gradient + inputs.dW[i]!);
    for (const bounds of [BOUNDS, { ...BOUNDS, multiplyAdds: 1e6 }, { ...BOUNDS, workgroups: 1 }]) {
      const got = await gradients(shape, inputs, bounds);
      expectWithin(got.dW, sum, weights.tolerance, shape.batch * shape.tokens + 1);
      expectWithin(got.dC, expected.dC, text.tolerance, shape.columns);
    }
    for (const variant of candidates(queue.device, shape, true)) {
      const got = await gradients(shape, inputs, BOUNDS, variant);
      const [weights, text] = kvBackwardKernels(variant);
      expectWithin(got.dW, sum, weights.tolerance, shape.batch * shape.tokens + 1);
      expectWithin(got.dC, expected.dC, text.tolerance, shape.columns);
    }
  });
});

describe("what is not finite", () => {
  const shape = { batch: 2, tokens: 5, textWidth: 8, columns: 12 };
  const { batch, tokens, textWidth, columns } = shape;

  it("does not reach either gradient from start tokens", async () => {
    const inputs = seededInputs(shape);
    for (let b = 0; b < batch; b++) {
      inputs.c.fill(Infinity, b * tokens * textWidth, (b * tokens + 1) * textWidth);
      inputs.dKv.fill(NaN, b * tokens * columns, (b * tokens + 1) * columns);
    }
    const expected = projectKvBackward(inputs.c, inputs.w, inputs.dKv, shape);
    const sum = expected.dW.map((gradient, i) => gradient + inputs.dW[i]!);
    for (const variant of candidates(queue.device, shape, true)) {
      const got = await gradients(shape, inputs, BOUNDS, variant);
      const [weights, text] = kvBackwardKernels(variant);
      expectWithin(got.dW, sum, weights.tolerance, batch * tokens + 1);
      expectWithin(got.dC, expected.dC, text.tolerance, columns);
      expect([...got.dC.subarray(0, textWidth)]).toEqual(Array(textWidth).fill(0));
    }
  });

  it("reaches both from other tokens, so that the step is left out", async () => {
    const inputs = seededInputs(shape);
    inputs.dKv[columns + 2] = Infinity;
    for (const variant of candidates(queue.device, shape, true)) {
      const got = await gradients(shape, inputs, BOUNDS, variant);
      for (let e = 0; e < textWidth; e++) {
        expect(Number.isFinite(got.dW[e * columns + 2]!)).toBe(false);
        expect(Number.isFinite(got.dC[textWidth + e]!)).toBe(false);
      }
    }
  });
});

it("gradients as small as they are in training keep their digits in float16", async () => {
  const shape = { batch: 1, tokens: 9, textWidth: 8, columns: 128 };
  const inputs = { ...seededInputs(shape), dW: new Float32Array(8 * 128) };
  inputs.dKv.forEach((x, i) => {
    inputs.dKv[i] = 1e-7 * x;
  });
  const expected = projectKvBackward(inputs.c, inputs.w, inputs.dKv, shape);
  for (const variant of candidates(queue.device, shape, true)) {
    const got = await gradients(shape, inputs, BOUNDS, variant);
    const [{ tolerance }] = kvBackwardKernels(variant);
    const small = { ...tolerance, atol: 1e-7 * tolerance.atol };
    expectWithin(got.dW, expected.dW, small, shape.batch * shape.tokens);
    expectWithin(got.dC, expected.dC, small, shape.columns);
  }
});

it("is the same to the last bit every time", async () => {
  const shape = { batch: 2, tokens: 77, textWidth: 48, columns: 700 };
  const first = await gradients(shape, seededInputs(shape));
  expect(await gradients(shape, seededInputs(shape))).toEqual(first);
});
