/** @file A small training run on the nano model, the same on every backend: its pictures, settings and prompts. */
import type { Planes } from "../../src/core/image/pixels.ts";
import type { Sample } from "../../src/engine/train/draw.ts";
import type { TrainingInput } from "../../src/engine/train/run.ts";
import { defaultSettings, type TrainSettings } from "../../src/core/train/settings.ts";
import type { GenerateRequest } from "../../src/core/diffusion/generate-request.ts";
import { normals } from "./seeded.ts";

/** Pixels of the nano model's pictures. */
const SIZE = 128;
/** Positions of its latents. */
const LATENTS = 16 * 16;

/** A picture of seeded noise, clipped to [-1, 1]. */
function picture(name: string): Planes {
  const data = normals(3, name, 3 * SIZE * SIZE).map((x) => Math.max(-1, Math.min(1, x / 2)));
  return { width: SIZE, height: SIZE, data };
}

export function nanoTraining(changes: Partial<TrainSettings> = {}): TrainingInput {
  return {
    settings: {
      ...defaultSettings(16),
      steps: 3,
      views: 2,
      // Large enough for three steps to move every parameter well beyond rounding.
      learningRate: 1e-3,
      tokenLearningRate: 1e-3,
      ...changes,
    },
    concepts: [
      {
        token: "<new1>",
        category: "bear",
        photos: [picture("photo 1"), picture("photo 2")],
        regularisation: [
          { picture: picture("regularisation 1"), caption: "photo of a bear" },
          { picture: picture("regularisation 2"), caption: "a bear in the snow" },
        ],
      },
    ],
  };
}

export const NANO_REQUEST: GenerateRequest = {
  prompt: "photo of a <new1> bear",
  negativePrompt: "a cat",
  sampler: "ddim",
  steps: 3,
  guidance: 3,
  eta: 0,
  seeds: [5, 6],
  batch: 2,
};

/** The samples of one step: a target image and a regularisation image, of latents of noise. */
export function nanoSamples(step = 0): readonly Sample[] {
  return (["target", "regularisation"] as const).map((kind, i) => ({
    kind,
    caption: kind === "target" ? "photo of a <new1> bear" : "photo of a bear",
    timestep: 300 + 100 * i + step,
    latents: normals(step, `latents ${i}`, 4 * LATENTS),
    target: normals(step, `target ${i}`, 4 * LATENTS),
    mask: new Float32Array(LATENTS).fill(1),
  }));
}
