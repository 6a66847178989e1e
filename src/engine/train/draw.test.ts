/** @file What a step trains on: told by seed and step alone, each image in its turn, noised as the schedule says. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { alphasCumprod } from "../../core/diffusion/noise-schedule.ts";
import { readSchedulerConfig } from "../../core/diffusion/scheduler-config.ts";
import { drawStep, type Noising, type Pools, type Sample } from "./draw.ts";
import type { Example, View } from "./examples.ts";

const LATENTS = 4 * 4 * 4;

/** A view whose latents are certain unless `deviation` says otherwise. */
function view(caption: string, mean = 0, deviation = 0): View {
  return {
    latents: {
      mean: new Float32Array(LATENTS).fill(mean),
      deviation: new Float32Array(LATENTS).fill(deviation),
    },
    mask: new Float32Array(16).fill(1),
    caption,
  };
}

/** Pictures of one view each, named by pool and index. */
function pool(name: string, count: number): Example[] {
  return Array.from({ length: count }, (_, i) => [view(`${name} ${i}`, i + 1)]);
}

function noisingOf(config: Readonly<Record<string, unknown>>): Noising {
  const scheduler = readSchedulerConfig(config);
  return { scheduler, alphasCumprod: alphasCumprod(scheduler) };
}

const NOISING = noisingOf({ beta_schedule: "scaled_linear", beta_start: 0.00085, beta_end: 0.012 });

function steps(pools: Pools, count: number, batch: number, seed = 1): Sample[][] {
  return Array.from({ length: count }, (_, step) =>
    drawStep(pools, NOISING, { seed, step, batch }),
  );
}

const captionsOf = (samples: readonly Sample[], kind: Sample["kind"]): string[] =>
  samples.filter((sample) => sample.kind === kind).map(({ caption }) => caption);

const POOLS: Pools = { targets: [pool("target", 5)], regularisation: [pool("regularisation", 7)] };

describe("a step", () => {
  it("is the same whenever it is drawn, and different for another seed or step", () => {
    const all = steps(POOLS, 4, 6);
    const draw = (seed: number, step: number) => drawStep(POOLS, NOISING, { seed, step, batch: 6 });
    for (const step of [3, 1, 0, 2]) expect(draw(1, step)).toEqual(all[step]);
    const noises = [...all, draw(2, 0)].flat().map(({ target }) => target.join());
    // Every sample has noise of its own.
    expect(new Set(noises).size).toBe(noises.length);
  });

  it.each([
    [8, 4, 4],
    [5, 3, 2],
    [2, 1, 1],
    [1, 1, 0],
  ])("of batch %i is %i target and %i regularisation images", (batch, targets, regularisation) => {
    for (const samples of steps(POOLS, 3, batch)) {
      const kinds = samples.map(({ kind }) => kind);
      const expected = [
        ...new Array<string>(targets).fill("target"),
        ...new Array<string>(regularisation).fill("regularisation"),
      ];
      expect(kinds).toEqual(expected);
      for (const { kind, caption } of samples) expect(caption.startsWith(kind)).toBe(true);
    }
  });

  it("without regularisation images is targets alone", () => {
    const alone = { ...POOLS, regularisation: [] };
    expect(captionsOf(steps(alone, 1, 4)[0]!, "target")).toHaveLength(4);
  });

  it("is the view's own mask and caption", () => {
    const mask = Float32Array.from({ length: 16 }, (_, i) => i % 2);
    const pools = { targets: [[[{ ...view("it"), mask }]]], regularisation: [] };
    const [sample] = drawStep(pools, NOISING, { seed: 1, step: 0, batch: 1 });
    expect(sample).toMatchObject({ caption: "it", mask });
  });
});

describe("turns", () => {
  it("every image of a pool comes once before any comes again", () => {
    const size = fc.integer({ min: 1, max: 9 });
    const batches = fc.integer({ min: 2, max: 9 });
    const property = fc.property(size, size, batches, fc.nat(1000), (n, m, batch, seed) => {
      const pools = { targets: [pool("target", n)], regularisation: [pool("regularisation", m)] };
      const drawn = steps(pools, 3 * Math.max(n, m), batch, seed).flat();
      for (const [kind, count] of [
        ["target", n],
        ["regularisation", m],
      ] as const) {
        const captions = captionsOf(drawn, kind);
        for (let at = 0; at + count <= captions.length; at += count) {
          expect(new Set(captions.slice(at, at + count)).size).toBe(count);
        }
      }
    });
    fc.assert(property, { numRuns: 50 });
  });

  it("in a new order each time, and in another for another seed", () => {
    const rounds = (seed: number): string[] => {
      const captions = captionsOf(steps(POOLS, 35, 2, seed).flat(), "target");
      return Array.from({ length: 7 }, (_, i) => captions.slice(5 * i, 5 * i + 5).join());
    };
    // Of 120 orders.
    expect(new Set(rounds(1)).size).toBeGreaterThan(4);
    expect(rounds(2)).not.toEqual(rounds(1));
  });

  it("of several concepts are even, each with turns of its own", () => {
    const pools = { targets: [pool("a", 2), pool("b", 3), pool("c", 5)], regularisation: [] };
    // 4 targets a step: three steps give each concept four, 30 steps 40.
    const captions = steps(pools, 30, 4).flatMap((samples) => captionsOf(samples, "target"));
    for (const [i, name] of ["a", "b", "c"].entries()) {
      const own = captions.filter((caption) => caption.startsWith(name));
      expect(own).toHaveLength(40);
      const count = pools.targets[i]!.length;
      for (let at = 0; at + count <= own.length; at += count) {
        expect(new Set(own.slice(at, at + count)).size).toBe(count);
      }
    }
    for (let at = 0; at + 3 <= captions.length; at += 3) {
      const concepts = captions.slice(at, at + 3).map((caption) => caption[0]);
      expect(new Set(concepts).size).toBe(3);
    }
  });

  it("of several concepts' regularisation are even too, and pass over a concept that has none", () => {
    const pools = {
      targets: [pool("a", 2), pool("b", 2), pool("c", 2)],
      regularisation: [pool("like a", 3), [], pool("like c", 7)],
    };
    const captions = steps(pools, 21, 4).flatMap((samples) =>
      captionsOf(samples, "regularisation"),
    );
    expect(captions).toHaveLength(42);
    for (const [name, count] of [
      ["like a", 3],
      ["like c", 7],
    ] as const) {
      const own = captions.filter((caption) => caption.startsWith(name));
      expect(own).toHaveLength(21);
      expect(new Set(own.slice(0, count)).size).toBe(count);
    }
  });

  it("shows every view of an image", () => {
    const views = ["a", "b", "c", "d"].map((name) => view(name));
    const pools = { targets: [[views]], regularisation: [] };
    const captions = steps(pools, 100, 4).flatMap((samples) => captionsOf(samples, "target"));
    for (const name of ["a", "b", "c", "d"]) {
      const share = captions.filter((caption) => caption === name).length / captions.length;
      // Four standard deviations of a share of 400 draws.
      expect(Math.abs(share - 1 / 4)).toBeLessThan(4 * Math.sqrt(3 / 16 / 400));
    }
  });

  it("finds nothing to draw from an empty pool", () => {
    const empty = { targets: [[]], regularisation: [] };
    expect(() => steps(empty, 1, 1)).toThrow(RangeError);
  });
});

describe("timesteps", () => {
  const pools = { targets: [pool("target", 1)], regularisation: [] };

  it("are uniform over the whole schedule", () => {
    const drawn = steps(pools, 1000, 8)
      .flat()
      .map(({ timestep }) => timestep);
    expect(drawn.every((t) => Number.isInteger(t) && t >= 0 && t <= 999)).toBe(true);
    const counts = new Array<number>(20).fill(0);
    for (const t of drawn) counts[Math.floor(t / 50)]!++;
    const expected = drawn.length / 20;
    const statistic = counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
    // 99.99 % of Pearson's statistics with 19 degrees of freedom lie below.
    expect(statistic).toBeLessThan(50.8);
  });

  it("of few successive steps cover the whole schedule", () => {
    const drawn = steps(pools, 100, 4).map((samples) => samples.map(({ timestep }) => timestep));
    for (let step = 0; step + 1 < drawn.length; step++) {
      // By the three-gap theorem no gap between 8 of them is wider than 0.146 of the whole.
      const eight = [...drawn[step]!, ...drawn[step + 1]!].toSorted((a, b) => a - b);
      const gaps = eight.map((t, i) => (eight[i + 1] ?? eight[0]! + 1000) - t);
      expect(Math.max(...gaps)).toBeLessThan(148);
    }
  });

  it("include the first and the last", () => {
    const short = noisingOf({ num_train_timesteps: 4, trained_betas: [0.1, 0.2, 0.3, 0.4] });
    const drawn = Array.from({ length: 50 }, (_, step) =>
      drawStep(pools, short, { seed: 1, step, batch: 2 }).map(({ timestep }) => timestep),
    );
    expect(new Set(drawn.flat())).toEqual(new Set([0, 1, 2, 3]));
  });
});

describe("noise", () => {
  // ᾱ is 1/2 and 1/4, so that both the picture and the noise can be read off again.
  const half = (prediction: string): Noising =>
    noisingOf({
      num_train_timesteps: 2,
      trained_betas: [0.5, 0.5],
      prediction_type: prediction,
    });

  /** x_0 and ε of the samples, solved for from x_t and the target. */
  function unmixed(prediction: "epsilon" | "v_prediction", deviation: number) {
    const noising = half(prediction);
    const pools = { targets: [[[view("it", 3, deviation)]]], regularisation: [] };
    const clean: number[] = [];
    const noise: number[] = [];
    for (let step = 0; step < 100; step++) {
      const samples = drawStep(pools, noising, { seed: 1, step, batch: 4 });
      for (const { latents, target, timestep } of samples) {
        const alpha = 0.5 ** (timestep + 1);
        const [a, b] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
        latents.forEach((x, i) => {
          const y = target[i]!;
          clean.push(prediction === "epsilon" ? (x - b * y) / a : a * x - b * y);
          noise.push(prediction === "epsilon" ? y : b * x + a * y);
        });
      }
    }
    return { clean, noise };
  }

  /** Four standard errors of a mean over the numbers drawn, by the variance of what is averaged. */
  const within = (variance: number): number => 4 * Math.sqrt(variance / (100 * 4 * LATENTS));
  const mean = (x: readonly number[]): number => x.reduce((sum, v) => sum + v, 0) / x.length;

  it.each(["epsilon", "v_prediction"] as const)("and %s give the picture back", (prediction) => {
    const { clean, noise } = unmixed(prediction, 0);
    const expected = new Array<number>(clean.length).fill(3);
    // A few roundings to float32, of numbers up to three times as large.
    expect(relativeL2(clean, expected)).toBeLessThan(10 * 2 ** -24);
    expect(Math.abs(mean(noise))).toBeLessThan(within(1));
    expect(Math.abs(mean(noise.map((x) => x * x)) - 1)).toBeLessThan(within(2));
  });

  it.each(["epsilon", "v_prediction"] as const)(
    "and the latents are drawn apart from each other: %s",
    (prediction) => {
      const { clean, noise } = unmixed(prediction, 2);
      const drawn = clean.map((x) => (x - 3) / 2);
      expect(Math.abs(mean(drawn))).toBeLessThan(within(1));
      expect(Math.abs(mean(drawn.map((x) => x * x)) - 1)).toBeLessThan(within(2));
      expect(Math.abs(mean(drawn.map((x, i) => x * noise[i]!)))).toBeLessThan(within(1));
    },
  );
});
