/** @file What every backend's training arithmetic must do, as tests: the same updates as the float64 twin, and no others. */
import { afterEach, expect, it } from "vitest";
import { ReferenceArithmetic } from "../../src/engine/train/arithmetic.ref.ts";
import type {
  ArithmeticSettings,
  OptimiserState,
  TrainingArithmetic,
} from "../../src/engine/train/arithmetic.ts";
import { type HostTensor, isOnDevice, type Tensor } from "../../src/engine/tensor.ts";
import { relativeL2 } from "./compare.ts";
import { normals } from "./seeded.ts";

const BATCH = 2;
const SHAPE = { tokens: 5, textWidth: 12, columns: 40 };
const ROWS = 2;
const LEARNING_RATE = 0.02;

/** float32 products and sums of at most 40 terms against float64: 2e-7 was seen. */
const TOLERANCE = 2e-6;

const SETTINGS: ArithmeticSettings = {
  ...SHAPE,
  groups: [
    {
      name: "kv",
      initial: normals(20, "kv", SHAPE.textWidth * SHAPE.columns),
      learningRate: LEARNING_RATE,
      weightDecay: 0.1,
    },
    {
      name: "tokens",
      initial: normals(20, "tokens", ROWS * SHAPE.textWidth),
      learningRate: 2 * LEARNING_RATE,
      weightDecay: 0,
    },
  ],
  kvWeights: normals(20, "kvWeights", SHAPE.textWidth * SHAPE.columns),
  adam: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
  // The gradients below have norms from 90 to 180: some are clipped.
  maxGradientNorm: 120,
  lossScale: { initial: 1024, growthFactor: 2, backoffFactor: 0.5, growthInterval: 2 },
};

interface MicroBatch {
  readonly features: HostTensor;
  /** Without the loss scale. */
  readonly dKv: Float32Array;
  readonly dTokens: Float32Array;
}

/** Numbers of one micro-batch; sizes differ from one to the next. */
function microBatch(seed: number): MicroBatch {
  const { tokens, textWidth, columns } = SHAPE;
  const size = 0.5 + (seed % 3);
  const scaled = (name: string, count: number): Float32Array =>
    normals(seed, name, count).map((x) => size * x);
  return {
    features: {
      dims: [BATCH, tokens, textWidth],
      data: normals(seed, "c", BATCH * tokens * textWidth),
    },
    dKv: scaled("dKv", BATCH * tokens * columns),
    dTokens: scaled("dTokens", ROWS * textWidth),
  };
}

/** `onHost` brings a result of the arithmetic to ordinary memory. */
export function testTrainingArithmetic(
  create: (settings: ArithmeticSettings) => Promise<TrainingArithmetic>,
  onHost: (tensor: Tensor) => Promise<Float32Array>,
): void {
  const open: TrainingArithmetic[] = [];
  const opened = async (settings: ArithmeticSettings): Promise<TrainingArithmetic> => {
    const arithmetic = await create(settings);
    open.push(arithmetic);
    return arithmetic;
  };
  afterEach(async () => {
    for (const arithmetic of open.splice(0)) await arithmetic.release();
  });

  /** Two micro-batches and an update; gives what is to be compared. */
  async function step(arithmetic: TrainingArithmetic, seed: number, bad?: number) {
    const gradients: Float32Array[] = [];
    for (const { features, dKv, dTokens } of [microBatch(seed), microBatch(seed + 100)]) {
      const scale = arithmetic.lossScale;
      const kvGradient = dKv.map((x) => scale * x);
      // A row that is not a start token's.
      if (bad !== undefined) kvGradient[SHAPE.columns] = bad;
      const dims = [BATCH, SHAPE.tokens, SHAPE.columns];
      const dC = await arithmetic.backwardKv(features, { dims, data: kvGradient });
      await arithmetic.accumulate("tokens", {
        dims: [ROWS * SHAPE.textWidth],
        data: dTokens.map((x) => scale * x),
      });
      gradients.push(Float32Array.from(dC.data, (x) => x / scale));
    }
    return { gradients, report: await arithmetic.update() };
  }

  /** The same on the twin. */
  function referenceStep(twin: ReferenceArithmetic, seed: number, bad?: number) {
    const gradients: Float64Array[] = [];
    for (const { features, dKv, dTokens } of [microBatch(seed), microBatch(seed + 100)]) {
      const scale = twin.lossScale;
      const kvGradient = Float64Array.from(dKv, (x) => scale * x);
      if (bad !== undefined) kvGradient[SHAPE.columns] = bad;
      gradients.push(twin.backwardKv(features.data, kvGradient).map((x) => x / scale));
      twin.accumulate(
        "tokens",
        dTokens.map((x) => scale * x),
      );
    }
    return { gradients, norm: twin.update() };
  }

  function expectState(state: OptimiserState, twin: ReferenceArithmetic): void {
    expect({
      step: state.step,
      lossScale: state.lossScale,
      goodSteps: state.goodSteps,
      skipped: state.skipped,
    }).toEqual({
      step: twin.step,
      lossScale: twin.lossScale,
      goodSteps: twin.goodSteps,
      skipped: twin.skipped,
    });
    expect(relativeL2(state.m, twin.flat("m"))).toBeLessThan(TOLERANCE);
    expect(relativeL2(state.v, twin.flat("v"))).toBeLessThan(TOLERANCE);
    expect(relativeL2(state.values, twin.flat("values"))).toBeLessThan(TOLERANCE);
    // What the values moved by is the harder test: a difference of float32 numbers fifty times its size. 3e-6 was seen.
    const initial = SETTINGS.groups.flatMap((group) => [...group.initial]);
    const moved = state.values.map((x, i) => x - initial[i]!);
    const expected = twin.flat("values").map((x, i) => x - initial[i]!);
    expect(relativeL2(moved, expected)).toBeLessThan(20 * TOLERANCE);
  }

  it("eight updates of two groups, clipped, decayed, scaled; two of them left out", async () => {
    const arithmetic = await opened(SETTINGS);
    const twin = new ReferenceArithmetic(SETTINGS);
    const norms: number[] = [];
    for (let i = 0; i < 8; i++) {
      const bad = i === 3 ? Infinity : i === 6 ? NaN : undefined;
      const kv = await arithmetic.projectKv(microBatch(i).features);
      expect(kv.dims).toEqual([BATCH, SHAPE.tokens, SHAPE.columns]);
      const expectedKv = twin.projectKv(microBatch(i).features.data);
      expect(relativeL2(await onHost(kv), expectedKv)).toBeLessThan(TOLERANCE);
      if (isOnDevice(kv)) kv.dispose();

      const { gradients, report } = await step(arithmetic, i, bad);
      const expected = referenceStep(twin, i, bad);
      expect(report.skipped).toBe(bad !== undefined);
      if (bad === undefined) {
        gradients.forEach((dC, k) => {
          expect(relativeL2(dC, expected.gradients[k]!)).toBeLessThan(TOLERANCE);
        });
        expect(Math.abs(report.gradientNorm / expected.norm - 1)).toBeLessThan(TOLERANCE);
        norms.push(expected.norm);
      } else expect(Number.isFinite(report.gradientNorm)).toBe(false);
      expectState(await arithmetic.state(), twin);
      expect(arithmetic.lossScale).toBe(twin.lossScale);
    }
    const limit = SETTINGS.maxGradientNorm!;
    expect(norms.some((norm) => norm > limit) && norms.some((norm) => norm < limit)).toBe(true);
    expect(twin.skipped).toBe(2);
  });

  it("goes on from a state as if it had never stopped, without what was accumulated since", async () => {
    const straight = await opened(SETTINGS);
    for (const seed of [0, 1, 2]) await step(straight, seed);
    const first = await opened(SETTINGS);
    await step(first, 0);
    const saved = await first.state();
    await step(first, 5);
    await first.accumulate("tokens", {
      dims: [ROWS * SHAPE.textWidth],
      data: microBatch(9).dTokens,
    });
    // On the one that has moved on, and on a new one.
    for (const arithmetic of [first, await opened(SETTINGS)]) {
      await arithmetic.restore(saved);
      expect(await arithmetic.state()).toEqual(saved);
      for (const seed of [1, 2]) await step(arithmetic, seed);
      expect(await arithmetic.state()).toEqual(await straight.state());
    }
  });

  it("gives values, and leaves K/V weights alone where they are not trained", async () => {
    const settings = { ...SETTINGS, groups: SETTINGS.groups.slice(1), lossScale: null };
    const arithmetic = await opened(settings);
    const twin = new ReferenceArithmetic(settings);
    for (const seed of [0, 1]) {
      const { gradients, report } = await step(arithmetic, seed);
      const expected = referenceStep(twin, seed);
      expect(relativeL2(gradients[1]!, expected.gradients[1]!)).toBeLessThan(TOLERANCE);
      expect(Math.abs(report.gradientNorm / expected.norm - 1)).toBeLessThan(TOLERANCE);
    }
    const { features } = microBatch(0);
    const kv = await onHost(await arithmetic.projectKv(features));
    expect(relativeL2(kv, twin.projectKv(features.data))).toBeLessThan(TOLERANCE);
    const rows = await arithmetic.read("tokens");
    expect(relativeL2(rows, twin.flat("values"))).toBeLessThan(TOLERANCE);
    expect(await onHost(await arithmetic.values("tokens"))).toEqual(rows);
    expect(arithmetic.lossScale).toBe(1);
  });

  it("refuses a state of other groups", async () => {
    const arithmetic = await opened({ ...SETTINGS, groups: SETTINGS.groups.slice(1) });
    const other = await (await opened(SETTINGS)).state();
    const restoring = (async () => arithmetic.restore(other))();
    await expect(restoring).rejects.toMatchObject({ code: "invalid-input" });
  });
}
