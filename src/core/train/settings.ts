/** @file Settings of a training run: what they mean, what they are where nobody says otherwise, what is refused. */
import { TRAIN_MODES, type TrainMode } from "../concept/concept.ts";
import { StudioError } from "../errors.ts";

export interface TrainSettings {
  /** Which parameters: K/V and V*, one of them, or every projection of cross-attention (the face mode) and V*. */
  readonly train: TrainMode;
  readonly steps: number;
  /** Images of a step; half of them regularisation images where there are any. */
  readonly batch: number;
  /** Images of one pass; gradients of several passes add up to a step. */
  readonly microBatch: number;
  /** Of the projections. */
  readonly learningRate: number;
  /** Of the modifier tokens' rows. */
  readonly tokenLearningRate: number;
  /** Of the projections; rows have none (diffusers decays the whole embedding table, and saves none of it). */
  readonly weightDecay: number;
  /** Global norm that a step's gradients are cut down to; null leaves them, as the paper does. */
  readonly maxGradientNorm: number | null;
  readonly seed: number;
  /** Flips, scales and their prompt prefixes. */
  readonly augment: boolean;
  /** Augmented views prepared of each photo. */
  readonly views: number;
  /** Caption of a photo, with {} where token and category go: "photo of a {}". */
  readonly template: string;
}

/** AdamW of the reference implementation: PyTorch's defaults. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/**
 * The middle of what a step's gradients measure on the default model at batch 4 (quartiles of 200 steps: .03 and .08;
 * one in ten is above .12), so that AdamW does not go by the few large ones.
 */
export const USUAL_GRADIENT_NORM = 0.04;

/** Defaults by the width of the model's text features, which tells the family (docs/training.md says why). */
export function defaultSettings(textWidth: number): TrainSettings {
  const common = {
    train: "kv+token",
    weightDecay: 1e-2,
    seed: 1,
    augment: true,
    views: 16,
    template: "photo of a {}",
  } as const;
  // Stable Diffusion 1.x and 2.x: the paper's 250 steps at batch 8 and 8e-5 (1e-5 for each image of a batch).
  return textWidth >= 768
    ? {
        ...common,
        learningRate: 8e-5,
        tokenLearningRate: 8e-5,
        maxGradientNorm: null,
        steps: 250,
        batch: 8,
        microBatch: 2,
      }
    : {
        ...common,
        learningRate: 3e-4,
        tokenLearningRate: 6e-4,
        maxGradientNorm: USUAL_GRADIENT_NORM,
        steps: 200,
        batch: 4,
        microBatch: 4,
      };
}

/** The rate of the token that goes with another rate of the projections: in the same ratio as in the defaults. */
export function tokenRateFor(
  learningRate: number,
  defaults: Pick<TrainSettings, "learningRate" | "tokenLearningRate">,
): number {
  return learningRate * (defaults.tokenLearningRate / defaults.learningRate);
}

/** @throws StudioError "invalid-input" naming the first setting that cannot be */
export function checkSettings(settings: TrainSettings): void {
  const refuse = (sentence: string): never => {
    throw new StudioError("invalid-input", sentence);
  };
  const whole = (name: string, value: number, least: number, most: number): void => {
    if (Number.isInteger(value) && value >= least && value <= most) return;
    refuse(`${name} must be a whole number from ${least} to ${most}, not ${value}.`);
  };
  const rate = (name: string, value: number): void => {
    if (value > 0 && value <= 1) return;
    refuse(`The ${name} must be a number above 0 and at most 1, not ${value}.`);
  };
  if (!TRAIN_MODES.includes(settings.train)) {
    refuse(`What to train must be one of ${TRAIN_MODES.join(", ")}, not "${settings.train}".`);
  }
  whole("The number of steps", settings.steps, 1, 100_000);
  whole("The batch", settings.batch, 1, 64);
  whole("The micro-batch", settings.microBatch, 1, settings.batch);
  if (settings.batch % settings.microBatch !== 0) {
    refuse(
      `The batch of ${settings.batch} cannot be divided into micro-batches of ${settings.microBatch}; choose a divisor.`,
    );
  }
  rate("learning rate", settings.learningRate);
  rate("learning rate of the token", settings.tokenLearningRate);
  if (!(settings.weightDecay >= 0 && settings.weightDecay <= 1)) {
    refuse(`The weight decay must be a number from 0 to 1, not ${settings.weightDecay}.`);
  }
  if (settings.maxGradientNorm !== null && !(settings.maxGradientNorm > 0)) {
    refuse(
      `The gradient norm to clip at must be a number above 0, not ${settings.maxGradientNorm}.`,
    );
  }
  if (!Number.isSafeInteger(settings.seed)) {
    refuse(`The seed must be a whole number, not ${settings.seed}.`);
  }
  whole("The number of views", settings.views, 1, 256);
  if (!settings.template.includes("{}")) {
    refuse(`The caption template must say {} where the concept goes, as "photo of a {}" does.`);
  }
}
