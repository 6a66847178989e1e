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

/** One of the things that a run teaches, with a word of its own. */
const subject = z.object({
  token: z.string(),
  category: z.string(),
  /** How many of the run's photos are its own; run-files keeps them subject after subject. */
  photos: z.number(),
  regularisation: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("none") }),
    /** Painted by the base model, kept by model and category. */
    z.object({ kind: z.literal("generate"), count: z.number() }),
    /** Pictures with captions, in run-files, subject after subject. */
    z.object({ kind: z.literal("given"), count: z.number(), from: z.string() }),
  ]),
  /** The stored concept that learnt it before, where a run trains several of them together. */
  original: z.string().optional(),
});

const runRecord = z.object({
  version: z.literal(2),
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
  /** One, or several that are trained together. */
  subjects: z.array(subject).min(1),
  settings: trainSettings,
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
export type RunSubject = Readonly<RunRecord["subjects"][number]>;

/** Version 1 taught one thing, and kept it beside the rest. */
const versionOne = z.looseObject({
  version: z.literal(1),
  token: z.unknown(),
  category: z.unknown(),
  photos: z.unknown(),
  regularisation: z.unknown(),
});

/** A record of any version as one of the current version; what is neither stays as it is, and is refused. */
export function migrateRun(record: unknown): unknown {
  const old = versionOne.safeParse(record);
  if (!old.success) return record;
  const { token, category, photos, regularisation, ...rest } = old.data;
  return { ...rest, version: 2, subjects: [{ token, category, photos, regularisation }] };
}

export const runs = createRepository<RunRecord>({
  name: "studio-runs",
  schema: runRecord,
  migrate: migrateRun,
});
