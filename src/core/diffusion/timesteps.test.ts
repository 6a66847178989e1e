/** @file Timesteps are diffusers' for every number of steps, ties in rounding included. */
import { expect, it } from "vitest";
import { readGolden } from "../../../tests/support/golden.ts";
import { createSampler, type SamplerName } from "./sampler.ts";
import { readSchedulerConfig, type TimestepSpacing } from "./scheduler-config.ts";
import { spacedTimesteps } from "./timesteps.ts";

const golden = await readGolden("samplers");

it.each<[TimestepSpacing, SamplerName]>([
  ["leading", "ddim"],
  ["trailing", "ddim"],
  ["linspace", "ddim"],
  ["linspace", "euler-a"],
  ["leading", "dpmpp-2m"],
  ["linspace", "dpmpp-2m"],
])("%s %s, every number of steps", (timestepSpacing, sampler) => {
  const config = { ...readSchedulerConfig({ steps_offset: 1 }), timestepSpacing };
  const expected = golden.get(`timesteps.${timestepSpacing}.${sampler}`).data;
  expect(expected).toHaveLength(999);
  // At 999 steps, leading, DPM-Solver++ would ask for timestep 1000, which is refused.
  const compared = timestepSpacing === "leading" && sampler === "dpmpp-2m" ? 998 : 999;
  const sums = expected
    .subarray(0, compared)
    .map((_, i) =>
      createSampler(sampler, config, i + 1).timesteps.reduce((sum, t, k) => sum + (k + 1) * t, 0),
    );
  // Whole numbers, or float32 times an index: exact in float64 up to the order of the sum, 2^-53 a term.
  sums.forEach((sum, i) => expect(Math.abs(sum - expected[i]!)).toBeLessThanOrEqual(1e-12 * sum));
});

it("gives as many as asked for, where diffusers' arange rounds up to one more", () => {
  const config = readSchedulerConfig({});
  expect(spacedTimesteps(config, "trailing", 61)).toHaveLength(61);
  expect(spacedTimesteps(config, "trailing", 61).at(-1)).toBe(15);
});
