/** @file The settings of a training run from the options of `train`. */
import { TRAIN_MODES, type TrainMode } from "../core/concept/concept.ts";
import { tokenRateFor, type TrainSettings } from "../core/train/settings.ts";
import { choiceOption, numberOption, type Raw, textOption } from "./options.ts";

/** @param defaults of the model's family, for whatever no option names */
export function settingsOf(
  options: Readonly<Record<string, Raw>>,
  defaults: TrainSettings,
): TrainSettings {
  const number = (name: string, fallback: number) => numberOption(name, options[name], fallback);
  const batch = number("batch", defaults.batch);
  const learningRate = number("lr", defaults.learningRate);
  return {
    train: choiceOption<TrainMode>("train", options["train"], TRAIN_MODES, defaults.train),
    steps: number("steps", defaults.steps),
    batch,
    // The largest divisor of the batch that the family's default allows.
    microBatch: number("microBatch", divisorUpTo(batch, defaults.microBatch)),
    learningRate,
    tokenLearningRate: number("tokenLr", tokenRateFor(learningRate, defaults)),
    weightDecay: number("weightDecay", defaults.weightDecay),
    maxGradientNorm: options["clip"] === false ? null : clipOption(options, defaults),
    seed: number("seed", defaults.seed),
    augment: options["augment"] !== false,
    views: number("views", defaults.views),
    template: textOption("template", options["template"]) ?? defaults.template,
  };
}

function clipOption(
  options: Readonly<Record<string, Raw>>,
  { maxGradientNorm }: TrainSettings,
): number | null {
  const given = options["clip"];
  return given === undefined ? maxGradientNorm : numberOption("clip", given, 1);
}

function divisorUpTo(batch: number, most: number): number {
  for (let size = Math.min(batch, most); size > 1; size--) if (batch % size === 0) return size;
  return 1;
}
