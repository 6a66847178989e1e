/** @file Every sampler follows diffusers from noise to latents, keeps its state to itself, and refuses what makes no sense. */
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../tests/support/golden.ts";
import { normals, uniforms } from "../../../tests/support/seeded.ts";
import { alphasCumprod } from "./noise-schedule.ts";
import { createSampler, type Sampler, type SamplerName, SAMPLERS } from "./sampler.ts";
import { type PredictionType, readSchedulerConfig } from "./scheduler-config.ts";

/** What tools/golden_samplers.py is made of: its seed and its latents' length. */
const SEED = 11;
const WIDTH = 16;

interface Case {
  readonly name: string;
  readonly sampler: SamplerName;
  readonly steps: number;
  readonly eta?: number;
  /** Which of the configs. */
  readonly config: number;
}

const golden = await readGolden("samplers");
const configs = JSON.parse(golden.metadata.get("configs")!) as readonly unknown[];
const cases = JSON.parse(golden.metadata.get("cases")!) as readonly Case[];
const DEFAULT = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: "scaled_linear",
  set_alpha_to_one: false,
  steps_offset: 1,
  timestep_spacing: "leading",
};
const config = readSchedulerConfig(DEFAULT);

const noiseOf = (call: number): Float32Array => normals(SEED, `noise.${call}`, WIDTH);

/** The stand-in for a UNet that tools/golden_samplers.py describes. */
function model(type: PredictionType): (latents: Float32Array, timestep: number) => Float32Array {
  const u = uniforms(SEED, "model");
  const direction = normals(SEED, "direction", WIDTH);
  const scale = type === "v_prediction" ? 0.5 : 1;
  const row = (i: number, latents: Float32Array): number =>
    latents.reduce((sum, x, j) => {
      const mixing = Math.fround(0.1 * (2 * u(i * WIDTH + j) - 1));
      return sum + (mixing + (i === j ? 0.7 : 0)) * x;
    }, 0);
  return (latents, timestep) =>
    latents.map((_, i) => scale * (row(i, latents) + Math.sin(timestep / 50) * direction[i]!));
}

interface Trajectory {
  /** One more than calls. */
  readonly latents: readonly Float32Array[];
  readonly clean: readonly Float32Array[];
}

function run(sampler: Sampler, type: PredictionType): Trajectory {
  const predict = model(type);
  const initial = normals(SEED, "initial", WIDTH).map((x) => x * sampler.initialNoiseSigma);
  const latents: Float32Array[] = [initial];
  const clean = sampler.timesteps.map((timestep, call) => {
    const current = latents[call]!;
    const prediction = predict(sampler.scaleInput(current, call), timestep);
    const picture = sampler.predictClean(prediction, call, current);
    latents.push(sampler.step(prediction, call, current, () => noiseOf(call)));
    return picture;
  });
  return { latents, clean };
}

describe("diffusers' trajectories", () => {
  /**
   * diffusers rounds betas, sigmas, every coefficient and every product to float32, where this rounds once a sum. A
   * rounding is at most 2^-24 of the largest number it is made in, and the stand-in model carries it along: 15 of them
   * are seen at most, over 50 steps as over one.
   */
  const ROUNDINGS = 24;

  const expectClose = (got: readonly Float32Array[], expected: Float64Array): void => {
    const largest = expected.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    expect(got.length * WIDTH).toBe(expected.length);
    const worst = expected.map((x, i) => Math.abs(x - got[Math.floor(i / WIDTH)]![i % WIDTH]!));
    expect(Math.max(...worst)).toBeLessThan(ROUNDINGS * 2 ** -24 * largest);
  };

  it.each(cases)("$name", ({ name, sampler: chosen, steps, eta, config: index }) => {
    const scheduler = readSchedulerConfig(configs[index]);
    const sampler = createSampler(chosen, scheduler, steps, { eta });
    // The fractional ones of Euler are float32 on both sides.
    expect(sampler.timesteps).toEqual([...golden.get(`${name}.timesteps`).data]);
    const { latents, clean } = run(sampler, scheduler.predictionType);
    expectClose(latents, golden.get(`${name}.latents`).data);
    if (golden.names.includes(`${name}.clean`)) {
      expectClose(clean, golden.get(`${name}.clean`).data);
    }
  });

  it("are those of every sampler, prediction and length", () => {
    const names = new Set(cases.map(({ name }) => name));
    for (const sampler of SAMPLERS) {
      for (const type of ["epsilon", "v_prediction"]) {
        for (const steps of [1, 4, 20, 50]) {
          expect(names).toContain(`default/${sampler}/${type}/${steps}`);
        }
      }
    }
  });
});

describe.each(SAMPLERS)("%s", (name) => {
  it.each(["epsilon", "v_prediction"] as const)("finds the picture in a true %s", (type) => {
    const sampler = createSampler(name, { ...config, predictionType: type }, 8);
    const alphas = alphasCumprod(config);
    const picture = normals(1, "picture", WIDTH);
    const noise = normals(1, "noise", WIDTH);
    sampler.timesteps.forEach((timestep, call) => {
      const alpha = Math.sqrt(alphas[timestep]!);
      const sigma = Math.sqrt(1 - alphas[timestep]!);
      const size = name === "euler-a" ? 1 / alpha : 1;
      const latents = picture.map((x, i) => size * (alpha * x + sigma * noise[i]!));
      const prediction =
        type === "epsilon" ? noise : noise.map((e, i) => alpha * e - sigma * picture[i]!);
      const found = sampler.predictClean(prediction, call, latents);
      // Latents and prediction are rounded to float32, and an epsilon prediction divides their difference by alpha,
      // which is 0.07 at the least; numbers here are below 4.
      found.forEach((x, i) =>
        expect(Math.abs(x - picture[i]!)).toBeLessThan((4 * 2 ** -23) / alpha),
      );
      const input = sampler.scaleInput(latents, call);
      input.forEach((x, i) => expect(x).toBeCloseTo(latents[i]! / size, 5));
    });
  });

  it("keeps its history to itself, and starts over at call 0", () => {
    const alone = run(createSampler(name, config, 6), "epsilon").latents;
    const sampler = createSampler(name, config, 6);
    const other = createSampler(name, config, 6);
    const predict = model("epsilon");
    let elsewhere = normals(5, "elsewhere", WIDTH);
    const interleaved: Sampler = {
      ...sampler,
      step(...step) {
        const [, call] = step;
        const timestep = other.timesteps[call]!;
        elsewhere = other
          .step(predict(elsewhere, timestep), call, elsewhere, () => noiseOf(call))
          .slice();
        return sampler.step(...step);
      },
    };
    expect(run(interleaved, "epsilon").latents).toEqual(alone);
    expect(run(sampler, "epsilon").latents).toEqual(alone);
  });

  it("does not rely on the arrays that it was given", () => {
    const sampler = createSampler(name, config, 6);
    const careless: Sampler = {
      ...sampler,
      step(prediction, call, latents, noise) {
        const given = { prediction: prediction.slice(), latents: latents.slice() };
        const next = sampler.step(given.prediction, call, given.latents, noise).slice();
        given.prediction.fill(NaN);
        given.latents.fill(NaN);
        return next;
      },
    };
    expect(run(careless, "epsilon").latents).toEqual(run(sampler, "epsilon").latents);
  });

  it("asks for noise only where it adds some", () => {
    const sampler = createSampler(name, config, 4);
    let asked = 0;
    let latents = normals(SEED, "initial", WIDTH);
    sampler.timesteps.forEach((_, call) => {
      const noise = () => (asked++, noiseOf(call));
      latents = sampler.step(latents, call, latents, noise).slice();
    });
    expect(asked).toBe(name === "euler-a" ? 3 : 0);
  });

  it.each([0, -1, 2.5, NaN, Infinity, 1001])("refuses %s steps", (steps) => {
    expect(() => createSampler(name, config, steps)).toThrow(
      expect.objectContaining({
        code: "invalid-input",
        message: `A sampler takes a whole number of steps from 1 to 1000, not ${steps}.`,
      }),
    );
  });

  it("refuses as many steps as there are timesteps where the offset leads past the last", () => {
    expect(() => createSampler(name, config, 1000)).toThrow(
      expect.objectContaining({
        code: "invalid-input",
        message:
          "These are more steps than fit into the model's 1000 timesteps (timestep_spacing leading, steps_offset 1); ask for fewer.",
      }),
    );
    const trailing = createSampler(name, { ...config, timestepSpacing: "trailing" }, 1000);
    expect(trailing.timesteps[0]).toBe(999);
    expect(trailing.timesteps.at(-1)).toBe(0);
  });

  it("stays finite on schedules that end in almost pure noise", () => {
    const steep = readSchedulerConfig({
      ...DEFAULT,
      beta_schedule: "squaredcos_cap_v2",
      timestep_spacing: "trailing",
      prediction_type: "v_prediction",
    });
    const eta = name === "ddim" ? 1 : undefined;
    const { latents } = run(createSampler(name, steep, 10, { eta }), "v_prediction");
    expect(latents.flatMap((x) => [...x]).every(Number.isFinite)).toBe(true);
  });
});

describe("what does not go together", () => {
  const refused = (message: RegExp) =>
    expect.objectContaining({
      code: "invalid-input",
      message: expect.stringMatching(message) as string,
    }) as Error;

  it("an unknown sampler", () => {
    expect(() => createSampler("lms" as SamplerName, config, 4)).toThrow(
      refused(/^There is no sampler "lms"; choose one of ddim, pndm, euler-a, dpmpp-2m\.$/),
    );
  });

  it.each([-0.1, 1.1, NaN])("eta %s", (eta) => {
    expect(() => createSampler("ddim", config, 4, { eta })).toThrow(
      refused(/^DDIM's eta is a number from 0 to 1/),
    );
  });

  it.each(["pndm", "euler-a", "dpmpp-2m"] as const)("eta and %s", (name) => {
    expect(() => createSampler(name, config, 4, { eta: 0 })).toThrow(
      refused(new RegExp(`^The sampler ${name} has no eta`)),
    );
  });

  it("pndm and a schedule that starts in pure noise", () => {
    const zero = { ...config, predictionType: "v_prediction", rescaleBetasZeroSnr: true } as const;
    expect(() => createSampler("pndm", zero, 4)).toThrow(refused(/^The sampler pndm cannot start/));
  });

  it("a prediction of another length than the latents", () => {
    const sampler = createSampler("ddim", config, 4);
    expect(() =>
      sampler.step(new Float32Array(3), 0, new Float32Array(4), () => noiseOf(0)),
    ).toThrow(expect.objectContaining({ code: "internal" }));
  });
});
