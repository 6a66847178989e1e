/** @file The noise schedule is diffusers', and noising and training targets are what the papers define. */
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../tests/support/golden.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { addNoise, alphasCumprod, trainingTarget } from "./noise-schedule.ts";
import { readSchedulerConfig } from "./scheduler-config.ts";

const golden = await readGolden("samplers");
const schedules = JSON.parse(golden.metadata.get("schedules")!) as Record<string, unknown>;

describe("alphasCumprod", () => {
  it.each(Object.keys(schedules))("is diffusers' %s", (name) => {
    const got = alphasCumprod(readSchedulerConfig(schedules[name]));
    const expected = golden.get(`alphas.${name}`).data;
    expect(got).toHaveLength(expected.length);
    // Both are float32 numbers in [0, 1], 2^-24 apart at the most; a factor whose last bit differs, as float32 betas do
    // make some, may push one over to the next. The rescaled schedule goes to betas and back in diffusers, through four
    // more roundings.
    const rescaled = name === "zero-snr";
    const worst = expected.map((alpha, t) => Math.abs(got[t]! - alpha));
    expect(Math.max(...worst)).toBeLessThan((rescaled ? 6 : 2) * 2 ** -24);
    if (rescaled) return;
    expect(got.every((alpha) => Math.fround(alpha) === alpha)).toBe(true);
    // Of a thousand such factors about √1000 add up.
    const relative = worst.map((difference, t) => difference / expected[t]!);
    expect(Math.max(...relative)).toBeLessThan(32 * 2 ** -24);
  });

  it("multiplies what is left of the betas", () => {
    const trained = { num_train_timesteps: 3, trained_betas: [0.5, 0.5, 0.75] };
    expect([...alphasCumprod(readSchedulerConfig(trained))]).toEqual([0.5, 0.25, 0.0625]);
  });

  it("ends in pure noise where it is rescaled, and begins where it began", () => {
    const alphas = alphasCumprod(readSchedulerConfig(schedules["zero-snr"]));
    expect(alphas.at(-1)).toBe(0);
    const before = alphasCumprod(readSchedulerConfig(schedules["scaled-linear"]));
    expect(Math.abs(alphas[0]! - before[0]!)).toBeLessThan(2 ** -50);
  });
});

describe("noising", () => {
  it("mixes by the square roots of what is left and what is not", () => {
    const [clean, noise] = [Float32Array.of(1, -2, 0), Float32Array.of(0.5, 1, 2)];
    expect([...addNoise(clean, noise, 0.36)]).toEqual([1, -0.4, 1.6].map(Math.fround));
    expect([...addNoise(clean, noise, 1)]).toEqual([...clean]);
    expect([...addNoise(clean, noise, 0)]).toEqual([...noise]);
  });

  it("has the noise as the target, or the velocity", () => {
    const [clean, noise] = [Float32Array.of(1, -2, 0), Float32Array.of(0.5, 1, 2)];
    expect(trainingTarget(clean, noise, 0.36, "epsilon")).toEqual(noise);
    expect([...trainingTarget(clean, noise, 0.36, "v_prediction")]).toEqual(
      [-0.5, 2.2, 1.2].map(Math.fround),
    );
  });

  it("can be undone with the velocity", () => {
    const [clean, noise] = [normals(1, "clean", 256), normals(1, "noise", 256)];
    for (const alpha of [0.999, 0.5, 0.0047]) {
      const noisy = addNoise(clean, noise, alpha);
      const velocity = trainingTarget(clean, noise, alpha, "v_prediction");
      const [a, s] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
      // Two float32 numbers below 8, each off by half of 2^-21, weighted by a and s.
      clean.forEach((x, i) =>
        expect(Math.abs(a * noisy[i]! - s * velocity[i]! - x)).toBeLessThan(2 ** -21),
      );
      noise.forEach((e, i) =>
        expect(Math.abs(s * noisy[i]! + a * velocity[i]! - e)).toBeLessThan(2 ** -21),
      );
    }
  });
});
