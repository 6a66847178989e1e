/** @file Samples of a training step, made up: half of them targets, each with a caption of its own. */
import { normal } from "../../src/core/random/normal.ts";
import type { Model } from "../../src/engine/model/read-model.ts";
import type { Sample } from "../../src/engine/train/draw.ts";

/** What new words stand for, in order. */
export const CATEGORIES = ["bear", "car", "cat", "flower"] as const;

/** Captions of targets differ, or one pass of the text encoder would do for all of them. */
const PREFIXES = [
  "photo of a",
  "zoomed in photo of a",
  "far away photo of a",
  "close up of a",
] as const;

/** A batch of which the first half are target images, of the concepts in turn. */
export function trainingSamples(model: Model, batch: number, concepts: number): Sample[] {
  const { sampleSize, scheduler } = model.config;
  const size = sampleSize * sampleSize;
  return Array.from({ length: batch }, (_, i): Sample => {
    const isTarget = i < Math.ceil(batch / 2);
    const concept = i % concepts;
    const category = CATEGORIES[concept] ?? CATEGORIES[0];
    const prefix = PREFIXES[i % PREFIXES.length] ?? PREFIXES[0];
    return {
      kind: isTarget ? "target" : "regularisation",
      caption: isTarget ? `${prefix} <new${concept + 1}> ${category}` : `photo of a ${category}`,
      timestep: Math.floor(((i + 0.5) / batch) * scheduler.numTrainTimesteps),
      latents: normal(2 * i + 1, 4 * size),
      target: normal(2 * i + 2, 4 * size),
      mask: new Float32Array(size).fill(1),
    };
  });
}
