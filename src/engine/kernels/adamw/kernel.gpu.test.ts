/** @file AdamW on the GPU agrees with its float64 twin, and leaves everything but the gradient where a step is skipped. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
import { LOSS_SCALE_BYTES, packLossScale } from "../loss-scale/index.ts";
import { adamw, adamwKernel, corrections } from "./index.ts";
import { adamwReference, type SettingsAt } from "./reference.ref.ts";

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

const SETTINGS = {
  learningRate: 0.01,
  weightDecay: 0.1,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
};

interface Arrays {
  readonly values: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly gradient: Float32Array;
}

function inputs(count: number): Arrays {
  return {
    values: normals(10, "values", count),
    m: normals(10, "m", count),
    v: normals(10, "v", count).map((x) => x * x),
    gradient: normals(10, "gradient", count),
  };
}

async function update(
  count: number,
  start: Arrays,
  { multiplier, skip }: { readonly multiplier: number; readonly skip: boolean },
  { step, ...settings }: SettingsAt,
): Promise<Arrays> {
  // The table may begin before the update that is due.
  const firstStep = Math.max(0, step - 3);
  const table = corrections(settings, firstStep, 4);
  const state = await storageOf(queue, LOSS_SCALE_BYTES / 4);
  const counts = { lossScale: 1, goodSteps: 0, skipped: 0, step: step - 1 };
  queue.device.queue.writeBuffer(state, 0, packLossScale(counts));
  const verdict = await storageOf(queue, 4);
  queue.device.queue.writeBuffer(verdict, 4, Float32Array.of(multiplier));
  queue.device.queue.writeBuffer(verdict, 8, Uint32Array.of(Number(skip)));
  const buffers = {
    values: await storageOf(queue, start.values),
    m: await storageOf(queue, start.m),
    v: await storageOf(queue, start.v),
    gradient: await storageOf(queue, start.gradient),
    verdict,
    state,
    table: await storageOf(queue, table),
  };
  const bounds = { ...BOUNDS, workgroups: 4 };
  await runKernels(queue, [adamw(count, buffers, { ...settings, firstStep }, bounds)]);
  const { length } = start.values;
  return {
    values: await floatsOf(queue, buffers.values, length),
    m: await floatsOf(queue, buffers.m, length),
    v: await floatsOf(queue, buffers.v, length),
    gradient: await floatsOf(queue, buffers.gradient, length),
  };
}

describe("agrees with the twin", () => {
  // Less than a workgroup, one, not a multiple, more than a row of the grid (which is 4 workgroups here).
  const counts = [1, 256, 1000, 5 * 256 + 3];
  const steps = [1, 2, 1000, 100_000];
  it.each(counts.flatMap((count) => steps.map((step) => ({ count, step }))))(
    "$count values, step $step",
    async ({ count, step }) => {
      const start = inputs(count);
      const got = await update(
        count,
        start,
        { multiplier: 0.125, skip: false },
        { ...SETTINGS, step },
      );
      const values = Float64Array.from(start.values);
      const m = Float64Array.from(start.m);
      const v = Float64Array.from(start.v);
      adamwReference({ values, m, v }, start.gradient, 0.125, { ...SETTINGS, step });
      expectWithin(got.values, values, adamwKernel.tolerance);
      expectWithin(got.m, m, adamwKernel.tolerance);
      expectWithin(got.v, v, adamwKernel.tolerance);
      expect(got.gradient.every((g) => g === 0)).toBe(true);
    },
  );
});

it("a step that is skipped clears the gradient, whatever it holds, and nothing else", async () => {
  const start = inputs(300);
  start.gradient.fill(NaN, 100, 200);
  const got = await update(300, start, { multiplier: NaN, skip: true }, { ...SETTINGS, step: 1 });
  expect(got).toEqual({ ...start, gradient: new Float32Array(300) });
});

it("touches nothing behind the end", async () => {
  const start = inputs(301);
  const got = await update(300, start, { multiplier: 1, skip: false }, { ...SETTINGS, step: 1 });
  for (const name of ["values", "m", "v", "gradient"] as const) {
    expect(got[name][300]).toBe(start[name][300]);
  }
});
