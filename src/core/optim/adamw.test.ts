/** @file AdamW takes torch.optim.AdamW's steps: with and without weight decay, for gradients from nothing to 1e6. */
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../tests/support/golden.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { adamw, type AdamwArrays, type AdamwStep } from "./adamw.ts";

interface TorchSettings {
  readonly lr: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weight_decay: number;
}

const golden = await readGolden("adamw");
const factors = JSON.parse(golden.metadata.get("factors")!) as number[];
const cases = JSON.parse(golden.metadata.get("cases")!) as Record<string, TorchSettings>;
const [STEPS, COUNT] = golden.get("plain.values").dims as [number, number];

/** One rounding to float32, relative. */
const ROUNDING = 2 ** -24;
/** Distance of the smallest float32 numbers. */
const SMALLEST = 2 ** -149;

function start(): Omit<AdamwArrays, "gradient"> {
  const values = normals(11, "values", COUNT).map((x) => 0.1 * x);
  return { values, m: new Float32Array(COUNT), v: new Float32Array(COUNT) };
}

/** As tools/golden_adamw.py makes it. */
function gradientOf(step: number): Float32Array {
  return normals(11, `gradient.${step}`, COUNT).map((x, i) => {
    const kind = i % factors.length;
    return step % 3 === 1 && kind >= 6 ? 0 : x * factors[kind]!;
  });
}

function settingsOf({ lr, betas, eps, weight_decay }: TorchSettings): Omit<AdamwStep, "step"> {
  const [beta1, beta2] = betas;
  return {
    learningRate: lr,
    beta1,
    beta2,
    epsilon: eps,
    weightDecay: weight_decay,
    multiplier: 1,
  };
}

describe.each(Object.entries(cases))("%s", (name, torch) => {
  const settings = settingsOf(torch);

  it(`takes PyTorch's ${STEPS} steps`, () => {
    const arrays = start();
    for (let step = 0; step < STEPS; step++) {
      adamw({ ...arrays, gradient: gradientOf(step) }, { ...settings, step: step + 1 });
      const expected = golden.get(`${name}.values`).data.slice(step * COUNT, (step + 1) * COUNT);
      arrays.values.forEach((value, i) => {
        // Values are rounded once a step, and those of the golden once; what rounded moments do to an update of at most
        // three learning rates is less than one rounding of 0.1 more a step.
        const size = Math.max(Math.abs(expected[i]!), 0.1);
        const error = Math.abs(value - expected[i]!);
        expect(error, `step ${step}, parameter ${i}`).toBeLessThan(
          (2 * step + 3) * ROUNDING * size,
        );
      });
    }
    for (const moment of ["m", "v"] as const) {
      const expected = golden.get(`${name}.${moment}`).data;
      arrays[moment].forEach((value, i) => {
        // Sums of terms of either sign, each step's rounded once: m of the largest gradient so far is what is rounded.
        const largest = Math.max(
          ...Array.from({ length: STEPS }, (_, step) => Math.abs(gradientOf(step)[i]!)),
        );
        const size = moment === "m" ? largest : largest ** 2;
        const error = Math.abs(value - expected[i]!);
        expect(error, `${moment} ${i}`).toBeLessThanOrEqual(STEPS * (ROUNDING * size + SMALLEST));
      });
    }
  });

  it("moves every parameter by its own gradient alone", () => {
    const whole = start();
    adamw({ ...whole, gradient: gradientOf(0) }, { ...settings, step: 1 });
    for (let i = 0; i < factors.length; i++) {
      const { values, m, v } = start();
      const one = {
        values: values.slice(i, i + 1),
        m: m.slice(i, i + 1),
        v: v.slice(i, i + 1),
        gradient: gradientOf(0).slice(i, i + 1),
      };
      adamw(one, { ...settings, step: 1 });
      expect(one.values[0]).toBe(whole.values[i]);
    }
  });

  it("multiplies gradients first", () => {
    const [plain, scaled] = [start(), start()];
    for (let step = 0; step < STEPS; step++) {
      const gradient = gradientOf(step);
      adamw({ ...plain, gradient }, { ...settings, step: step + 1 });
      // Powers of two change no digit.
      const large = gradient.map((x) => 1024 * x);
      adamw({ ...scaled, gradient: large }, { ...settings, step: step + 1, multiplier: 2 ** -10 });
    }
    expect(scaled).toEqual(plain);
  });
});
