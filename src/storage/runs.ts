/** @file Training runs: what was asked for and how far it is. Photos, checkpoints and previews are kept beside, in run-files. */
import { z } from "zod";
import { TRAIN_MODES } from "../core/concept/concept.ts";
import { createRepository } from "./repository.ts";

const trainSettings = z.object({
  train: z.enum(TRAIN_MODES),
  steps: z.number(),
  batch: z.number(),
  microBatch: z.number(),
  learningRate: z.number(),
  tokenLearningRate: z.number(),
  weightDecay: z.number(),
  maxGradientNorm: z.number().nullable(),
  seed: z.number(),
  augment: z.boolean(),
  views: z.number(),
  template: z.string(),
});

const runRecord = z.object({
  version: z.literal(1),
  id: z.string(),
  /** What the concept will be called. */
  name: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /**
   * "ready" before its first step, "running" while an engine trains it (or was, when the page went away), "paused" with
   * a checkpoint to go on from, "finished" with a concept, "failed" with an error, which may be resumed as well.
   */
  status: z.enum(["ready", "running", "paused", "finished", "failed"]),
  model: z.object({ id: z.string(), fingerprint: z.string() }),
  token: z.string(),
  category: z.string(),
  settings: trainSettings,
  regularisation: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("none") }),
    /** Painted by the base model, kept by model and category. */
    z.object({ kind: z.literal("generate"), count: z.number() }),
    /** Pictures with captions, in run-files. */
    z.object({ kind: z.literal("given"), count: z.number(), from: z.string() }),
  ]),
  photos: z.number(),
  previews: z.object({
    prompts: z.array(z.string()),
    /** Steps between previews; 0 makes none. */
    every: z.number(),
    seed: z.number(),
  }),
  /** Steps that the checkpoint holds, or all of them once finished. */
  step: z.number(),
  error: z.string().nullable(),
  /** The concept that came of it. */
  conceptId: z.string().nullable(),
});

export type RunRecord = Readonly<z.infer<typeof runRecord>>;

export const runs = createRepository<RunRecord>({
  name: "studio-runs",
  schema: runRecord,
  migrate: (record) => record,
});
