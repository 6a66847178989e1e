/** @file Clipping and the dynamic loss scale decide as torch.nn.utils.clip_grad_norm_ and torch.amp.GradScaler do. */
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../tests/support/golden.ts";
import { clipCoefficient, LossScale, lossScaleFor, withScaleFor } from "./loss-scale.ts";

const golden = await readGolden("adamw");

describe("clipCoefficient", () => {
  const numbers = (name: string) => [...golden.get(`clip.${name}`).data];
  const limits = numbers("limits");
  const expected = numbers("factors");

  it.each([...numbers("norms").entries()])("case %i: a norm of %f", (i, norm) => {
    // Norm, limit and factor of the golden are float32: three roundings.
    const error = clipCoefficient(norm, limits[i]!) / expected[i]! - 1;
    expect(Math.abs(error)).toBeLessThan(3 * 2 ** -24);
  });

  it("leaves gradients alone where there is no limit", () => {
    expect(clipCoefficient(1e9, null)).toBe(1);
  });
});

describe("LossScale", () => {
  const torch = JSON.parse(golden.metadata.get("scaler")!) as Record<string, number>;
  const settings = {
    initial: torch["init_scale"]!,
    growthFactor: torch["growth_factor"]!,
    backoffFactor: torch["backoff_factor"]!,
    growthInterval: torch["growth_interval"]!,
  };
  const finite = [...golden.get("scaler.finite").data].map((x) => x === 1);
  const scales = [...golden.get("scaler.scales").data];
  const applied = [...golden.get("scaler.applied").data];

  it("grows, backs off and counts as GradScaler", () => {
    const scale = new LossScale(settings);
    expect(scale.value).toBe(settings.initial);
    finite.forEach((isFinite, step) => {
      scale.update(isFinite);
      expect(scale.value, `step ${step}`).toBe(scales[step]);
      expect(scale.skipped).toBe(step + 1 - applied[step]!);
    });
    // The sequence has both, or this test would say nothing.
    expect(Math.max(...scales)).toBeGreaterThan(settings.initial);
    expect(Math.min(...scales)).toBeLessThan(settings.initial);
  });

  it("goes on where it stopped, in the middle of a stretch of good steps too", () => {
    for (let stop = 0; stop < finite.length; stop++) {
      const before = new LossScale(settings);
      for (const isFinite of finite.slice(0, stop)) before.update(isFinite);
      const after = new LossScale(settings);
      after.restore({
        lossScale: before.value,
        goodSteps: before.goodSteps,
        skipped: before.skipped,
      });
      for (const isFinite of finite.slice(stop)) after.update(isFinite);
      expect(after.value).toBe(scales.at(-1));
      expect(after.skipped).toBe(finite.length - applied.at(-1)!);
    }
  });

  it("is 1 for good where gradients are float32, and counts what was left out", () => {
    const scale = new LossScale(null);
    for (const isFinite of finite) scale.update(isFinite);
    expect(scale.value).toBe(1);
    expect(scale.skipped).toBe(finite.filter((isFinite) => !isFinite).length);
  });
});

describe("a run that goes on in the other precision", () => {
  const nothing = new Float32Array(0);
  const state = { values: nothing, m: nothing, v: nothing, step: 7, skipped: 2 };
  const [single, half] = [lossScaleFor("float32"), lossScaleFor("float16")];

  it("has no scale in float32", () => {
    expect(single).toBeNull();
    const before = { ...state, lossScale: 4096, goodSteps: 3 };
    expect(withScaleFor(before, single)).toEqual({ ...state, lossScale: 1, goodSteps: 0 });
  });

  it("starts with the first scale in float16, and keeps the one that it had there", () => {
    const before = { ...state, lossScale: 1, goodSteps: 0 };
    expect(withScaleFor(before, half)).toEqual({ ...before, lossScale: 2 ** 15 });
    const found = { ...state, lossScale: 512, goodSteps: 3 };
    expect(withScaleFor(found, half)).toEqual(found);
  });
});
