/** @file The training arithmetic on wasm does what its float64 twin does, for batches of any size. */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { testTrainingArithmetic } from "../../../tests/support/training-arithmetic.ts";
import { projectKv, projectKvBackward } from "../../core/surgery/kv-projection.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import { isOnDevice } from "../tensor.ts";
import { createHostArithmetic } from "./arithmetic-host.ts";
import type { ArithmeticSettings } from "./arithmetic.ts";

const runtime = nodeRuntime(1);

describe("TrainingArithmetic on wasm", () => {
  testTrainingArithmetic(
    (settings) => Promise.resolve(createHostArithmetic(runtime, settings)),
    (tensor) => {
      if (isOnDevice(tensor)) throw new Error("on a GPU");
      return Promise.resolve(Float32Array.from(tensor.data));
    },
  );
});

describe("projections and their gradients", () => {
  const SHAPE = { tokens: 7, textWidth: 24, columns: 60 };
  const WEIGHTS = normals(30, "weights", SHAPE.textWidth * SHAPE.columns);
  const SETTINGS: ArithmeticSettings = {
    ...SHAPE,
    groups: [{ name: "kv", initial: WEIGHTS, learningRate: 0.5, weightDecay: 0 }],
    kvWeights: new Float32Array(WEIGHTS.length),
    // With a beta1 of 0 the first moment after an update is its gradient.
    adam: { beta1: 0, beta2: 0.999, epsilon: 1e-8 },
    maxGradientNorm: null,
    lossScale: null,
  };
  /** float32 sums of at most 60 terms against float64: 2e-7 was seen. */
  const TOLERANCE = 2e-6;

  it.each([1, 2, 5])("of %i samples, the start token detached", async (batch) => {
    const shape = { ...SHAPE, batch };
    const arithmetic = createHostArithmetic(runtime, SETTINGS);
    const c = normals(30, `c ${batch}`, batch * SHAPE.tokens * SHAPE.textWidth);
    const dKv = normals(30, `dKv ${batch}`, batch * SHAPE.tokens * SHAPE.columns);
    const features = { dims: [batch, SHAPE.tokens, SHAPE.textWidth], data: c };
    const kv = await arithmetic.projectKv(features);
    if (isOnDevice(kv)) throw new Error("on a GPU");
    expect(relativeL2(kv.data, projectKv(c, WEIGHTS, shape))).toBeLessThan(TOLERANCE);

    const given = dKv.slice();
    const dims = [batch, SHAPE.tokens, SHAPE.columns];
    const dC = await arithmetic.backwardKv(features, { dims, data: given });
    expect(given).toEqual(dKv);
    const expected = projectKvBackward(c, WEIGHTS, dKv, shape);
    expect(dC.dims).toEqual([batch, SHAPE.tokens, SHAPE.textWidth]);
    expect(relativeL2(dC.data, expected.dC)).toBeLessThan(TOLERANCE);
    for (let b = 0; b < batch; b++) {
      const start = b * SHAPE.tokens * SHAPE.textWidth;
      expect(dC.data.slice(start, start + SHAPE.textWidth).every((x) => x === 0)).toBe(true);
    }

    const { gradientNorm } = await arithmetic.update();
    expect(Math.abs(gradientNorm / Math.hypot(...expected.dW) - 1)).toBeLessThan(TOLERANCE);
    const { m } = await arithmetic.state();
    expect(relativeL2(m, expected.dW)).toBeLessThan(TOLERANCE);
    await arithmetic.release();
  });

  it.each([
    ["some", true, [2, 0]],
    ["no", true, []],
    ["some, the weights not trained,", false, [1]],
    ["no, the weights not trained,", false, []],
  ])("%s samples' dc is wanted", async (_, trained, wanted) => {
    const batch = 3;
    const shape = { ...SHAPE, batch };
    const groups = trained ? SETTINGS.groups : [];
    const arithmetic = createHostArithmetic(runtime, { ...SETTINGS, groups, kvWeights: WEIGHTS });
    const c = normals(33, "c", batch * SHAPE.tokens * SHAPE.textWidth);
    const dKv = normals(33, "dKv", batch * SHAPE.tokens * SHAPE.columns);
    const dC = await arithmetic.backwardKv(
      { dims: [batch, SHAPE.tokens, SHAPE.textWidth], data: c },
      { dims: [batch, SHAPE.tokens, SHAPE.columns], data: dKv },
      wanted,
    );
    const expected = projectKvBackward(c, WEIGHTS, dKv, shape);
    const size = SHAPE.tokens * SHAPE.textWidth;
    expect(dC.dims).toEqual([batch, SHAPE.tokens, SHAPE.textWidth]);
    for (const sample of wanted) {
      const [from, to] = [sample * size, (sample + 1) * size];
      const distance = relativeL2(dC.data.subarray(from, to), expected.dC.subarray(from, to));
      expect(distance).toBeLessThan(TOLERANCE);
    }
    await arithmetic.update();
    const { m } = await arithmetic.state();
    if (trained) expect(relativeL2(m, expected.dW)).toBeLessThan(TOLERANCE);
    else expect(m.length).toBe(0);
    await arithmetic.release();
  });

  it("add up over batches of different sizes", async () => {
    const arithmetic = createHostArithmetic(runtime, SETTINGS);
    const sum = new Float64Array(WEIGHTS.length);
    for (const batch of [2, 1, 2, 4]) {
      const shape = { ...SHAPE, batch };
      const c = normals(31, `c ${batch}`, batch * SHAPE.tokens * SHAPE.textWidth);
      const dKv = normals(31, `dKv ${batch}`, batch * SHAPE.tokens * SHAPE.columns);
      await arithmetic.backwardKv(
        { dims: [batch, SHAPE.tokens, SHAPE.textWidth], data: c },
        { dims: [batch, SHAPE.tokens, SHAPE.columns], data: dKv },
      );
      projectKvBackward(c, WEIGHTS, dKv, shape).dW.forEach((x, i) => (sum[i]! += x));
    }
    await arithmetic.update();
    expect(relativeL2((await arithmetic.state()).m, sum)).toBeLessThan(TOLERANCE);
    await arithmetic.release();
  });

  it("use the weights as they are after an update", async () => {
    const arithmetic = createHostArithmetic(runtime, SETTINGS);
    const shape = { ...SHAPE, batch: 1 };
    const c = normals(32, "c", SHAPE.tokens * SHAPE.textWidth);
    const dKv = normals(32, "dKv", SHAPE.tokens * SHAPE.columns);
    const features = { dims: [1, SHAPE.tokens, SHAPE.textWidth], data: c };
    const gradient = { dims: [1, SHAPE.tokens, SHAPE.columns], data: dKv };
    await arithmetic.backwardKv(features, gradient);
    await arithmetic.update();
    const weights = await arithmetic.read("kv");
    expect(relativeL2(weights, WEIGHTS)).toBeGreaterThan(0.1);
    const kv = await arithmetic.projectKv(features);
    if (isOnDevice(kv)) throw new Error("on a GPU");
    expect(relativeL2(kv.data, projectKv(c, weights, shape))).toBeLessThan(TOLERANCE);
    const dC = await arithmetic.backwardKv(features, gradient);
    const expected = projectKvBackward(c, weights, dKv, shape);
    expect(relativeL2(dC.data, expected.dC)).toBeLessThan(TOLERANCE);
    await arithmetic.release();
  });
});
