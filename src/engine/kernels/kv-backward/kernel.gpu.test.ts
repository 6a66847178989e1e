/** @file Gradients of the packed key/value projection on the GPU agree with their float64 twin. */
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
import { BOUNDS } from "../grid.ts";
import type { KernelQueue } from "../kernel-queue.ts";
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
  splitDepth = 64,
): Promise<{ readonly dW: Float32Array; readonly dC: Float32Array }> {
  const buffers = {
    c: await storageOf(queue, c),
    w: await storageOf(queue, w),
    dKv: await storageOf(queue, dKv),
    dW: await storageOf(queue, dW),
    partials: await storageOf(queue, partialsLength(shape, splitDepth)),
    dC: await storageOf(queue, c.length),
  };
  await runKernels(queue, [
    ...kvWeightGradient(shape, buffers, bounds),
    ...kvTextGradient(shape, buffers, bounds, splitDepth),
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
  });
});

it("start tokens reach neither gradient, not even as an infinity", async () => {
  const shape = { batch: 2, tokens: 5, textWidth: 8, columns: 12 };
  const { batch, tokens, textWidth, columns } = shape;
  const inputs = seededInputs(shape);
  for (let b = 0; b < batch; b++) {
    inputs.c.fill(Infinity, b * tokens * textWidth, (b * tokens + 1) * textWidth);
    inputs.dKv.fill(NaN, b * tokens * columns, (b * tokens + 1) * columns);
  }
  const expected = projectKvBackward(inputs.c, inputs.w, inputs.dKv, shape);
  const got = await gradients(shape, inputs);
  const sum = expected.dW.map((gradient, i) => gradient + inputs.dW[i]!);
  expectWithin(got.dW, sum, weights.tolerance, batch * tokens + 1);
  expectWithin(got.dC, expected.dC, text.tolerance, columns);
  expect([...got.dC.subarray(0, textWidth)]).toEqual(Array(textWidth).fill(0));
});

it("is the same to the last bit every time", async () => {
  const shape = { batch: 2, tokens: 77, textWidth: 48, columns: 700 };
  const first = await gradients(shape, seededInputs(shape));
  expect(await gradients(shape, seededInputs(shape))).toEqual(first);
});
