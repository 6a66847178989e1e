/** @file A step as one graph comes to the same as its parts, whichever of its captions have a modifier token. */
import { beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { nanoFiles } from "../../../tests/support/nano-files.ts";
import { TRAIN_MODES, type TrainMode } from "../../core/concept/concept.ts";
import { EVERY_OPTIMISATION, optimisationsWithout } from "../../core/optimisations.ts";
import { normal } from "../../core/random/normal.ts";
import { defaultSettings } from "../../core/train/settings.ts";
import { type Model, readModel } from "../model/read-model.ts";
import { nodeRuntime } from "../ort/runtime-node.ts";
import type { OptimiserState } from "./arithmetic.ts";
import type { Sample } from "./draw.ts";
import { Trainer } from "./trainer.ts";

const TOKENS = [
  { token: "<new1>", category: "bear" },
  { token: "<new2>", category: "car" },
];
const BATCHES: Readonly<Record<string, readonly string[]>> = {
  "half of them": ["photo of a <new1> bear", "a <new2> car", "photo of a bear", "photo of a car"],
  "one of them, and not the first": ["a bear", "photo of a <new1> bear", "a bear", "a cat"],
  "all of them, two alike": ["a <new1> bear", "a <new1> bear", "a <new2> car", "a <new2> <new1>"],
  "none of them": ["photo of a bear", "photo of a bear", "a car", "a cat"],
};

const joined = nodeRuntime(1, EVERY_OPTIMISATION);
const parted = nodeRuntime(1, optimisationsWithout("joined-steps"));
let model: Model;
beforeAll(async () => {
  model = await readModel("nano", await nanoFiles("dynamo"));
});

function samplesOf(captions: readonly string[]): Sample[] {
  const { latents } = model.unet;
  const [, channels, height, width] = latents;
  return captions.map((caption, i): Sample => ({
    kind: i < 2 ? "target" : "regularisation",
    caption,
    timestep: 100 + 200 * i,
    latents: normal(2 * i, channels * height * width),
    target: normal(2 * i + 1, channels * height * width),
    mask: new Float32Array(height * width).fill(1),
  }));
}

/** Losses and norms of a step on each batch in turn, and the state after them. */
async function stepsOn(
  runtime: typeof joined,
  train: TrainMode,
  batches: readonly (readonly string[])[],
): Promise<{ readonly numbers: Float32Array; readonly state: OptimiserState }> {
  const settings = { ...defaultSettings(model.config.textWidth), train, batch: 4, microBatch: 4 };
  const trainer = await Trainer.open(model, runtime, settings, TOKENS);
  try {
    const numbers: number[] = [];
    for (const captions of batches) {
      const { losses, gradientNorm } = await trainer.trainOn(samplesOf(captions));
      numbers.push(...losses, gradientNorm);
    }
    return { numbers: Float32Array.from(numbers), state: await trainer.state() };
  } finally {
    await trainer.release();
  }
}

async function expectAlike(train: TrainMode, batches: readonly (readonly string[])[]) {
  const [one, other] = [
    await stepsOn(joined, train, batches),
    await stepsOn(parted, train, batches),
  ];
  // Rounding of float32 through some hundred operators. The first moment is the gradients' sum, as they came.
  expect(relativeL2(one.numbers, other.numbers)).toBeLessThan(1e-5);
  expect(relativeL2(one.state.m, other.state.m)).toBeLessThan(1e-5);
  expect(other.state.m.some((x) => x !== 0)).toBe(true);
}

describe("one step", () => {
  it.each(Object.keys(BATCHES))("with modifier tokens in %s", (name) =>
    expectAlike("kv+token", [BATCHES[name]!]),
  );

  it.each(TRAIN_MODES)("--train %s", (train) => expectAlike(train, [BATCHES["half of them"]!]));
});

it("steps whose captions change places go on from each other", () =>
  expectAlike("kv+token", [...Object.values(BATCHES), BATCHES["half of them"]!]));
