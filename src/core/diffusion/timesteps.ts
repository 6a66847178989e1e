/** @file Which of a model's timesteps a sampler visits when it takes fewer, as diffusers picks them. */
import { StudioError } from "../errors.ts";
import type { SchedulerConfig, TimestepSpacing } from "./scheduler-config.ts";

/**
 * `count` timesteps, the noisiest first (arXiv 2305.08891, table 2). Those of "linspace" fall between whole numbers
 * until `round` makes them what the sampler wants.
 * @throws StudioError "invalid-input" where the schedule has not as many
 */
export function spacedTimesteps(
  config: SchedulerConfig,
  spacing: TimestepSpacing,
  count: number,
  round: (timestep: number) => number = roundHalfToEven,
): readonly number[] {
  const { numTrainTimesteps, stepsOffset } = config;
  const at = timestepOf(spacing, numTrainTimesteps, count, stepsOffset);
  const timesteps = Array.from({ length: count }, (_, i) => round(at(i)));
  const falling = timesteps.every((t, i) => t < (i === 0 ? numTrainTimesteps : timesteps[i - 1]!));
  if (!falling) {
    throw new StudioError(
      "invalid-input",
      `These are more steps than fit into the model's ${numTrainTimesteps} timesteps (timestep_spacing ${spacing}, steps_offset ${stepsOffset}); ask for fewer.`,
    );
  }
  return timesteps;
}

function timestepOf(
  spacing: TimestepSpacing,
  trainTimesteps: number,
  count: number,
  offset: number,
): (i: number) => number {
  switch (spacing) {
    case "leading": {
      const stride = Math.floor(trainTimesteps / count);
      return (i) => (count - 1 - i) * stride + offset;
    }
    case "trailing": {
      // The difference of the first two, as numpy's arange takes it: its last bit decides what falls on a half.
      const stride = trainTimesteps - (trainTimesteps - trainTimesteps / count);
      return (i) => roundHalfToEven(trainTimesteps - i * stride) - 1;
    }
    case "linspace": {
      if (count === 1) return () => 0;
      const stride = (trainTimesteps - 1) / (count - 1);
      return (i) => (count - 1 - i) * stride;
    }
  }
}

/** The nearest whole number, of two as near the even one: numpy's rounding, where Math.round would go up. */
function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  return rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
}
