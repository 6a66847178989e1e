/** @file A model's noise schedule and what its UNet predicts, read from diffusers' scheduler_config.json. */
import { StudioError } from "../errors.ts";

const BETA_SCHEDULES = ["linear", "scaled_linear", "squaredcos_cap_v2"] as const;
const PREDICTION_TYPES = ["epsilon", "v_prediction"] as const;
const TIMESTEP_SPACINGS = ["leading", "trailing", "linspace"] as const;

export type BetaSchedule = (typeof BETA_SCHEDULES)[number];
export type PredictionType = (typeof PREDICTION_TYPES)[number];
export type TimestepSpacing = (typeof TIMESTEP_SPACINGS)[number];

export interface SchedulerConfig {
  /** Length T of the schedule, at least 2; timesteps are 0 to T - 1. */
  readonly numTrainTimesteps: number;
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly betaSchedule: BetaSchedule;
  /** [T], in place of the three above. */
  readonly trainedBetas: readonly number[] | null;
  /** What the UNet was trained to predict, and what it is to be trained on. */
  readonly predictionType: PredictionType;
  /** How fewer than T timesteps are picked; null where the file leaves it to the sampler. */
  readonly timestepSpacing: TimestepSpacing | null;
  /** Added to "leading" timesteps. */
  readonly stepsOffset: number;
  /** Whether the last step ends at ᾱ = 1 or at that of timestep 0; null where the file leaves it to the sampler. */
  readonly setAlphaToOne: boolean | null;
  /** Whether the schedule is stretched to end in pure noise, ᾱ = 0 (arXiv 2305.08891, algorithm 1). */
  readonly rescaleBetasZeroSnr: boolean;
}

/** diffusers' schedulers that share one forward process, a list of betas, and so can stand in for one another. */
const INTERCHANGEABLE = new Set([
  "DDIMScheduler",
  "DDPMScheduler",
  "PNDMScheduler",
  "LMSDiscreteScheduler",
  "EulerDiscreteScheduler",
  "EulerAncestralDiscreteScheduler",
  "HeunDiscreteScheduler",
  "KDPM2DiscreteScheduler",
  "KDPM2AncestralDiscreteScheduler",
  "DPMSolverSDEScheduler",
  "DPMSolverSinglestepScheduler",
  "DPMSolverMultistepScheduler",
  "DEISMultistepScheduler",
  "UniPCMultistepScheduler",
]);

/**
 * Settings that change the pictures and that no sampler here follows. `clip_sample` is missing from many files and
 * true by default in DDIMScheduler, but Stable Diffusion's latents are never clipped (diffusers'
 * pipeline_stable_diffusion.py): only a file that asks for it is refused.
 */
const REFUSED_WHEN_TRUE = [
  "clip_sample",
  "thresholding",
  "use_karras_sigmas",
  "use_exponential_sigmas",
  "use_beta_sigmas",
  "use_lu_lambdas",
  "use_flow_sigmas",
] as const;

/**
 * What the file leaves out has diffusers' default; where the defaults of its schedulers differ, the field is null.
 * Settings of one solver alone (`solver_order`, `skip_prk_steps`) are not read: a sampler is chosen by name.
 * @throws StudioError "model-unsupported" where the file asks for what is not supported, or makes no sense
 */
export function readSchedulerConfig(json: unknown): SchedulerConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw unsupported("is not a JSON object; fetch the file again");
  }
  const file = json as Readonly<Record<string, unknown>>;
  const className = file["_class_name"] ?? null;
  if (className !== null && !(typeof className === "string" && INTERCHANGEABLE.has(className))) {
    throw unsupported(
      `is that of ${JSON.stringify(className)}, which no sampler here can stand in for; choose a model with a scheduler such as DDIMScheduler or PNDMScheduler`,
    );
  }
  for (const key of REFUSED_WHEN_TRUE) {
    if (flag(file, key) === true) {
      throw unsupported(`sets ${key}, which no sampler here follows; set it to false`);
    }
  }

  const numTrainTimesteps = number(file, "num_train_timesteps", 1000);
  const stepsOffset = number(file, "steps_offset", 0);
  if (!Number.isInteger(numTrainTimesteps) || numTrainTimesteps < 2) {
    throw unsupported("has a num_train_timesteps that is not a whole number of at least 2");
  }
  if (!Number.isInteger(stepsOffset) || stepsOffset < 0) {
    throw unsupported("has a steps_offset that is not a whole number of at least 0");
  }
  const betaStart = number(file, "beta_start", 0.0001);
  const betaEnd = number(file, "beta_end", 0.02);
  const trainedBetas = betas(file["trained_betas"] ?? null);
  if (![betaStart, betaEnd, ...(trainedBetas ?? [])].every((beta) => beta > 0 && beta < 1)) {
    throw unsupported("has a beta that is not between 0 and 1");
  }
  if (trainedBetas !== null && trainedBetas.length !== numTrainTimesteps) {
    throw unsupported(
      `has ${trainedBetas.length} trained_betas for ${numTrainTimesteps} num_train_timesteps`,
    );
  }

  const predictionType = oneOf(file, "prediction_type", PREDICTION_TYPES) ?? "epsilon";
  const rescaleBetasZeroSnr = flag(file, "rescale_betas_zero_snr") ?? false;
  if (rescaleBetasZeroSnr && predictionType === "epsilon") {
    throw unsupported(
      "combines rescale_betas_zero_snr with the prediction_type epsilon, which says nothing of a picture under pure noise; it goes with v_prediction",
    );
  }
  return {
    numTrainTimesteps,
    betaStart,
    betaEnd,
    betaSchedule: oneOf(file, "beta_schedule", BETA_SCHEDULES) ?? "linear",
    trainedBetas,
    predictionType,
    timestepSpacing: oneOf(file, "timestep_spacing", TIMESTEP_SPACINGS),
    stepsOffset,
    setAlphaToOne: flag(file, "set_alpha_to_one"),
    rescaleBetasZeroSnr,
  };
}

function unsupported(what: string): StudioError {
  return new StudioError("model-unsupported", `The model's scheduler_config.json ${what}.`);
}

type Fields = Readonly<Record<string, unknown>>;

function number(file: Fields, key: string, fallback: number): number {
  const value = file[key] ?? fallback;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw unsupported(`has ${JSON.stringify(value)} as ${key} where a number belongs`);
}

function flag(file: Fields, key: string): boolean | null {
  const value = file[key] ?? null;
  if (value === null || typeof value === "boolean") return value;
  throw unsupported(`has ${JSON.stringify(value)} as ${key} where true or false belongs`);
}

function oneOf<T extends string>(file: Fields, key: string, choices: readonly T[]): T | null {
  const value = file[key] ?? null;
  if (value === null) return null;
  const choice = choices.find((name) => name === value);
  if (choice !== undefined) return choice;
  throw unsupported(
    `has ${JSON.stringify(value)} as ${key}, of which ${choices.join(", ")} are supported`,
  );
}

function betas(value: unknown): readonly number[] | null {
  if (value === null) return null;
  if (Array.isArray(value) && value.every((beta) => typeof beta === "number")) return value;
  throw unsupported("has trained_betas that are not a list of numbers");
}
