/** @file Scheduler files are read with diffusers' defaults, and refused where a sampler here would do something else. */
import { describe, expect, it } from "vitest";
import { readFixture } from "../../../tests/support/fixture.ts";
import { readSchedulerConfig } from "./scheduler-config.ts";

const readJson = async (path: string): Promise<unknown> =>
  JSON.parse(new TextDecoder().decode(await readFixture(path)));

it("reads the default model's file", async () => {
  const file = await readJson("public/models/toybox-256/scheduler/scheduler_config.json");
  expect(readSchedulerConfig(file)).toEqual({
    numTrainTimesteps: 1000,
    betaStart: 0.00085,
    betaEnd: 0.012,
    betaSchedule: "scaled_linear",
    trainedBetas: null,
    predictionType: "epsilon",
    timestepSpacing: "leading",
    stepsOffset: 1,
    setAlphaToOne: false,
    rescaleBetasZeroSnr: false,
  });
});

it("has diffusers' defaults, and leaves to the sampler what differs between them", () => {
  expect(readSchedulerConfig({ _class_name: "PNDMScheduler" })).toEqual({
    numTrainTimesteps: 1000,
    betaStart: 0.0001,
    betaEnd: 0.02,
    betaSchedule: "linear",
    trainedBetas: null,
    predictionType: "epsilon",
    timestepSpacing: null,
    stepsOffset: 0,
    setAlphaToOne: null,
    rescaleBetasZeroSnr: false,
  });
});

it("reads every field", () => {
  const file = {
    num_train_timesteps: 2,
    trained_betas: [0.25, 0.5],
    beta_schedule: "squaredcos_cap_v2",
    prediction_type: "v_prediction",
    timestep_spacing: "trailing",
    set_alpha_to_one: true,
    rescale_betas_zero_snr: true,
    clip_sample: false,
  };
  expect(readSchedulerConfig(file)).toMatchObject({
    numTrainTimesteps: 2,
    trainedBetas: [0.25, 0.5],
    betaSchedule: "squaredcos_cap_v2",
    predictionType: "v_prediction",
    timestepSpacing: "trailing",
    setAlphaToOne: true,
    rescaleBetasZeroSnr: true,
  });
});

describe("refuses", () => {
  it.each<[string, unknown, string]>([
    ["what is no object", [], "is not a JSON object"],
    [
      "another family of models",
      { _class_name: "FlowMatchEulerDiscreteScheduler" },
      'is that of "FlowMatchEulerDiscreteScheduler"',
    ],
    [
      "prediction of the picture itself",
      { prediction_type: "sample" },
      'has "sample" as prediction_type, of which epsilon, v_prediction are supported',
    ],
    ["clipping", { clip_sample: true }, "sets clip_sample"],
    ["thresholding", { thresholding: true }, "sets thresholding"],
    ["Karras' sigmas", { use_karras_sigmas: true }, "sets use_karras_sigmas"],
    ["an unknown schedule", { beta_schedule: "sigmoid" }, 'has "sigmoid" as beta_schedule'],
    ["an unknown spacing", { timestep_spacing: 3 }, "has 3 as timestep_spacing"],
    ["a flag that is none", { clip_sample: "no" }, 'has "no" as clip_sample'],
    ["a number that is none", { beta_end: "0.02" }, 'has "0.02" as beta_end'],
    ["betas of 1 and more", { beta_end: 1 }, "has a beta that is not between 0 and 1"],
    [
      "too few betas",
      { num_train_timesteps: 3, trained_betas: [0.1] },
      "has 1 trained_betas for 3 num_train_timesteps",
    ],
    ["betas that are none", { trained_betas: ["a"] }, "has trained_betas that are not a list"],
    ["half a timestep", { num_train_timesteps: 2.5 }, "has a num_train_timesteps that is not"],
    ["a negative offset", { steps_offset: -1 }, "has a steps_offset that is not"],
    [
      "noise prediction under pure noise",
      { rescale_betas_zero_snr: true },
      "combines rescale_betas_zero_snr with the prediction_type epsilon",
    ],
  ])("%s", (_, file, message) => {
    expect(() => readSchedulerConfig(file)).toThrow(
      expect.objectContaining({
        code: "model-unsupported",
        message: expect.stringContaining(`scheduler_config.json ${message}`) as string,
      }),
    );
  });
});
