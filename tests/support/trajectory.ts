/** @file Ten training steps on a golden's samples (tools/golden_trajectory.py), and what they came to beside PyTorch's. */
import { addNoise, alphasCumprod } from "../../src/core/diffusion/noise-schedule.ts";
import { PromptTokenizer } from "../../src/core/text/modifier-tokens.ts";
import type { Concept } from "../../src/core/concept/concept.ts";
import type { Model } from "../../src/engine/model/read-model.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import type { Sample } from "../../src/engine/train/draw.ts";
import { defaultSettings, type TrainSettings } from "../../src/core/train/settings.ts";
import type { StepReport } from "../../src/engine/train/step-report.ts";
import { Trainer } from "../../src/engine/train/trainer.ts";
import { relativeL2 } from "./compare.ts";
import type { Golden } from "./golden.ts";
import { seeded } from "./golden-feeds.ts";

const STEPS = 10;
const BATCH = 4;
/** The first two samples of a step show the concept. */
const TARGETS = 2;
const LATENT_SCALE = 0.8;
const V_STAR = "<new1>";

export interface TrajectoryResult {
  readonly reports: readonly StepReport[];
  readonly concept: Concept;
}

/** Trains as the golden did; `changes` to its settings are to come to the same. */
export async function trainOnGolden(
  model: Model,
  runtime: Runtime,
  golden: Golden,
  changes: Partial<TrainSettings> = {},
): Promise<TrajectoryResult> {
  const note = (name: string): string => golden.metadata.get(name) ?? "";
  const learningRate = Number(note("learning_rate"));
  const settings = {
    ...defaultSettings(model.config.textWidth),
    steps: STEPS,
    batch: BATCH,
    microBatch: Number(note("micro_batch")),
    learningRate,
    tokenLearningRate: learningRate,
    maxGradientNorm: note("max_norm") === "None" ? null : Number(note("max_norm")),
    ...changes,
  };
  const token = { token: V_STAR, category: "bear" };
  const trainer = await Trainer.open(model, runtime, settings, [token]);
  const reports: StepReport[] = [];
  try {
    for (let step = 0; step < STEPS; step++) {
      reports.push(await trainer.trainOn(samplesOf(model, golden, step)));
    }
    return { reports, concept: await trainer.concept() };
  } finally {
    await trainer.release();
  }
}

function samplesOf(model: Model, golden: Golden, step: number): Sample[] {
  const { sampleSize, scheduler } = model.config;
  const dims = [BATCH, 4, sampleSize, sampleSize];
  const clean = seeded(`latents.${step}`, dims).data.map((x) => LATENT_SCALE * x);
  const noise = seeded(`noise.${step}`, dims).data;
  const masks = golden.get("masks").data;
  const captions = captionsOf(golden)[step]!;
  const alphas = alphasCumprod(scheduler);
  return captions.map((caption, n): Sample => {
    const timestep = golden.get("timesteps").data[step * BATCH + n]!;
    const own = (data: Float32Array): Float32Array => {
      const size = data.length / BATCH;
      return data.slice(n * size, (n + 1) * size);
    };
    const pixels = sampleSize ** 2;
    const from = (step * BATCH + n) * pixels;
    return {
      caption,
      timestep,
      latents: addNoise(own(clean), own(noise), alphas[timestep]!),
      target: own(noise),
      mask: Float32Array.from(masks.slice(from, from + pixels)),
      kind: n < TARGETS ? "target" : "regularisation",
    };
  });
}

function captionsOf(golden: Golden): string[][] {
  return JSON.parse(golden.metadata.get("captions")!) as string[][];
}

/** Token ids [10, 4, 77] of the golden's captions as the trainer's tokenizer gives them. */
export function captionIds(model: Model, golden: Golden): number[] {
  const tokenizer = new PromptTokenizer(model.tokenizer, model.vocabularySize, [V_STAR]);
  return captionsOf(golden)
    .flat()
    .flatMap((caption) => [...tokenizer.encode(caption).ids]);
}

/** Distances to the golden: the largest relative one of a loss and of a norm, relative L2 of V*'s difference. */
export function trajectoryDistances({ reports, concept }: TrajectoryResult, golden: Golden) {
  const worst = (got: readonly number[], name: string): number => {
    const expected = golden.get(name).data;
    if (got.length !== expected.length) throw new RangeError(`${got.length} values of ${name}`);
    return Math.max(...got.map((x, i) => Math.abs(x / expected[i]! - 1)));
  };
  const { row, initialRow } = concept.tokens[0]!;
  return {
    loss: worst(
      reports.flatMap(({ losses }) => [...losses]),
      "loss",
    ),
    gradientNorm: worst(
      reports.map(({ gradientNorm }) => gradientNorm),
      "gradient_norm",
    ),
    row: relativeL2(
      row.map((x, i) => x - initialRow[i]!),
      golden.get("v_star_difference").data,
    ),
  };
}
