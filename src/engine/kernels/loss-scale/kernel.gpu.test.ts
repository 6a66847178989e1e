/** @file The loss scale grows, backs off and counts on the GPU as its float64 twin and torch.amp.GradScaler do. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGolden } from "../../../../tests/support/golden.ts";
import {
  expectWithin,
  runKernels,
  storageOf,
  testQueue,
} from "../../../../tests/support/kernels.ts";
import { uniforms } from "../../../../tests/support/seeded.ts";
import {
  gradientNorm,
  gradientNormKernels,
  normPartialsLength,
  readVerdict,
  VERDICT_BYTES,
} from "../gradient-norm/index.ts";
import type { KernelQueue } from "../kernel-queue.ts";
import {
  LOSS_SCALE_BYTES,
  lossScaleKernel,
  type LossScaleRule,
  type LossScaleState,
  packLossScale,
  readLossScale,
  updateLossScale,
} from "./index.ts";
import { lossScaleReference } from "./reference.ref.ts";

let queue: KernelQueue;

beforeAll(async () => {
  queue = await testQueue();
});

afterAll(() => {
  queue.device.destroy();
});

const RULE: LossScaleRule = { growthFactor: 2, backoffFactor: 0.5, growthInterval: 3 };
const START: LossScaleState = { lossScale: 65536, goodSteps: 0, skipped: 0, step: 0 };

async function stateBuffer(state: LossScaleState): Promise<GPUBuffer> {
  const buffer = await storageOf(queue, LOSS_SCALE_BYTES / 4);
  queue.device.queue.writeBuffer(buffer, 0, packLossScale(state));
  return buffer;
}

async function verdictBuffer(skip: boolean): Promise<GPUBuffer> {
  const buffer = await storageOf(queue, VERDICT_BYTES / 4);
  queue.device.queue.writeBuffer(buffer, 8, Uint32Array.of(Number(skip)));
  return buffer;
}

/** The states after each step, from one buffer that all of them update. */
async function follow(
  start: LossScaleState,
  skips: readonly boolean[],
  rule: LossScaleRule | null,
): Promise<readonly LossScaleState[]> {
  const state = await stateBuffer(start);
  const [applied, skipped] = [await verdictBuffer(false), await verdictBuffer(true)];
  const states: LossScaleState[] = [];
  for (const skip of skips) {
    await runKernels(queue, [updateLossScale({ verdict: skip ? skipped : applied, state }, rule)]);
    states.push(readLossScale(await queue.read(state, LOSS_SCALE_BYTES)));
  }
  for (const buffer of [state, applied, skipped]) buffer.destroy();
  return states;
}

function followReference(
  start: LossScaleState,
  skips: readonly boolean[],
  rule: LossScaleRule | null,
): readonly LossScaleState[] {
  let state = start;
  return skips.map((skip) => (state = lossScaleReference(state, skip, rule)));
}

/** 0 for a step that is applied, 1 for one that is skipped. */
const steps = (pattern: string): readonly boolean[] => Array.from(pattern, (step) => step === "1");

describe("agrees with the twin to the last bit where factors are powers of two", () => {
  it.each([
    { name: "growth after every interval", pattern: "00000000", rule: RULE },
    { name: "growth after every step", pattern: "0001000", rule: { ...RULE, growthInterval: 1 } },
    { name: "a skipped step before the interval is over", pattern: "001000100", rule: RULE },
    { name: "a skipped step right after growth", pattern: "0001", rule: RULE },
    { name: "skipped steps in a row", pattern: "11111000", rule: RULE },
    { name: "growth by four", pattern: "0001000110", rule: { ...RULE, growthFactor: 4 } },
    { name: "a scale that never changes", pattern: "0010110000", rule: null },
  ])("$name", async ({ pattern, rule }) => {
    const start = rule === null ? { ...START, lossScale: 1 } : START;
    const got = await follow(start, steps(pattern), rule);
    expect(got).toEqual(followReference(start, steps(pattern), rule));
  });

  it("a hundred steps, every fourth of them skipped at random", async () => {
    const u = uniforms(11, "skips");
    const skips = Array.from({ length: 100 }, (_, i) => u(i) < 0.25);
    const start = { lossScale: 3 * 2 ** 20, goodSteps: 2, skipped: 7, step: 500 };
    const got = await follow(start, skips, RULE);
    expect(got).toEqual(followReference(start, skips, RULE));
  });
});

it("other factors to float32's roundings", async () => {
  const rule = { growthFactor: 1.3, backoffFactor: 0.7, growthInterval: 2 };
  const skips = steps("0010001100");
  const got = await follow(START, skips, rule);
  // Each from where the GPU was, so that a step has the roundings of one change.
  const expected = skips.map((skip, i) => lossScaleReference(got[i - 1] ?? START, skip, rule));
  const scales = (states: readonly LossScaleState[]) => states.map(({ lossScale }) => lossScale);
  expectWithin(scales(got), scales(expected), lossScaleKernel.tolerance);
  const counts = (states: readonly LossScaleState[]) =>
    states.map((state) => ({ ...state, lossScale: 0 }));
  expect(counts(got)).toEqual(counts(expected));
});

it("decides as torch.amp.GradScaler", async () => {
  const golden = await readGolden("adamw");
  const torch = JSON.parse(golden.metadata.get("scaler")!) as Record<string, number>;
  const rule = {
    growthFactor: torch["growth_factor"]!,
    backoffFactor: torch["backoff_factor"]!,
    growthInterval: torch["growth_interval"]!,
  };
  const skips = [...golden.get("scaler.finite").data].map((finite) => finite === 0);
  const got = await follow({ ...START, lossScale: torch["init_scale"]! }, skips, rule);
  expect(got.map(({ lossScale }) => lossScale)).toEqual([...golden.get("scaler.scales").data]);
  expect(got.map(({ step }) => step)).toEqual([...golden.get("scaler.applied").data]);
  expect(got.at(-1)!.skipped).toBe(skips.filter(Boolean).length);
});

describe("stays within what a quotient can be taken by", () => {
  it.each([
    { name: "however often steps are skipped", skip: true, scale: 2 ** -120 },
    { name: "however long none is", skip: false, scale: 2 ** 120 },
  ])("$name", async ({ skip, scale }) => {
    const rule = { ...RULE, growthInterval: 1 };
    const state = await stateBuffer(START);
    const verdict = await verdictBuffer(skip);
    // Twice as many as float32 has powers of two.
    const updates = Array.from({ length: 600 }, () => updateLossScale({ verdict, state }, rule));
    await runKernels(queue, updates);
    const got = readLossScale(await queue.read(state, LOSS_SCALE_BYTES));
    const counts = skip ? { skipped: 600, step: 0 } : { skipped: 0, step: 600 };
    expect(got).toEqual({ lossScale: scale, goodSteps: 0, ...counts });
    // And it comes back from there.
    const back = await follow(got, [!skip], rule);
    expect(back[0]!.lossScale).toBe(skip ? 2 * scale : scale / 2);
  });
});

it("the verdict is by the scale that the gradient carried, and the next by the new one, without the host", async () => {
  const state = await stateBuffer(START);
  const gradients = [Float32Array.of(3, NaN), Float32Array.of(3 * 32768, 4 * 32768)];
  const judged = await Promise.all(
    gradients.map(async (numbers) => {
      const parts = [{ gradient: await storageOf(queue, numbers), length: numbers.length }];
      const partials = await storageOf(queue, normPartialsLength(parts));
      return { parts, partials, verdict: await verdictBuffer(false) };
    }),
  );
  await runKernels(
    queue,
    judged.flatMap(({ parts, partials, verdict }) => [
      ...gradientNorm(parts, { partials, lossScale: state, verdict }, null),
      updateLossScale({ verdict, state }, RULE),
    ]),
  );
  const bytes = await queue.readTogether([
    ...judged.map(({ verdict }) => [verdict, VERDICT_BYTES] as const),
    [state, LOSS_SCALE_BYTES],
  ]);
  const first = readVerdict(bytes.slice(0, VERDICT_BYTES));
  const second = readVerdict(bytes.slice(VERDICT_BYTES));
  expect([first.skip, second.skip]).toEqual([true, false]);
  expectWithin(
    [first.multiplier, second.multiplier, second.norm],
    [1 / 65536, 1 / 32768, 5],
    gradientNormKernels()[1].tolerance,
  );
  expect(readLossScale(bytes.slice(2 * VERDICT_BYTES))).toEqual({
    lossScale: 32768,
    goodSteps: 1,
    skipped: 1,
    step: 1,
  });
});
