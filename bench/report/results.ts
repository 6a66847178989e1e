/** @file What a machine's file in bench/results says: a section a kind of run, each with its own date. */
import { z } from "zod";
import { StudioError } from "../../src/core/errors.ts";
import { CONTENDERS } from "../contenders.ts";

/** One number a round, in milliseconds. */
const TIMES = z.array(z.number().positive()).min(1);

const RUN = {
  /** YYYY-MM-DD */
  date: z.iso.date(),
  rounds: z.number().int().positive(),
};

const COMPARISON = z.object({
  ...RUN,
  /** Of everybody who was compared. */
  versions: z.array(z.string()),
  /** Why others were not. */
  notes: z.array(z.string()),
  rows: z.array(
    z.object({
      work: z.string(),
      contender: z.enum(CONTENDERS),
      threads: z.number().int().positive(),
      ms: TIMES,
    }),
  ),
  /** From the address to the first step, and to the picture; a new browser each time. */
  firstImage: z.object({ open: TIMES, image: TIMES }).nullable(),
});

/** What the graphs have to compute, and how fast its parts are alone. */
const FLOOR = z.object({
  ...RUN,
  threads: z.number().int().positive(),
  work: z.array(
    z.object({
      name: z.string(),
      /** 10^9 operations, of which a multiplication with its addition is two. */
      convolution: z.number(),
      matmul: z.number(),
      torchMs: TIMES,
      ownMs: TIMES,
    }),
  ),
  /** 10^9 operations a second, of the shapes that hold most of the work. */
  rates: z.object({ convolution: z.number().positive(), matmul: z.number().positive() }),
});

const OPTIMISATIONS = z.object({
  ...RUN,
  threads: z.number().int().positive(),
  rows: z.array(
    z.object({ optimisation: z.string(), work: z.string(), all: TIMES, without: TIMES }),
  ),
});

const SCALING = z.object({
  ...RUN,
  threads: z.number().int().positive(),
  series: z.array(
    z.object({
      work: z.string(),
      /** What is varied. */
      over: z.string(),
      contender: z.enum(CONTENDERS),
      points: z.array(z.object({ x: z.number().positive(), ms: TIMES })).min(2),
    }),
  ),
});

const BYTES = z.number().positive().nullable();

/** Stable Diffusion at its own size, beside PyTorch on the same device. */
const FULL_SIZE = z.object({
  ...RUN,
  /** What the model is called. */
  model: z.string(),
  /** What computed, and why. */
  device: z.string(),
  /** What training takes, and how. */
  plans: z.array(z.string()),
  versions: z.array(z.string()),
  notes: z.array(z.string()),
  rows: z.array(
    z.object({
      work: z.string(),
      contender: z.enum(CONTENDERS),
      /** What it computed in. */
      precision: z.string(),
      ms: TIMES,
      /** Opening and the first run. */
      openMs: z.number().positive(),
      /** Bytes by its own account: the plan, or PyTorch's allocator. */
      ownBytes: BYTES,
      /** The most bytes that the driver counted more than before it was there: while it opened, and while it ran. */
      openingBytes: BYTES,
      runningBytes: BYTES,
    }),
  ),
});

const MACHINE = z.object({
  version: z.literal(2),
  cpu: z.string(),
  cores: z.number().int().positive(),
  comparison: COMPARISON.optional(),
  floor: FLOOR.optional(),
  optimisations: OPTIMISATIONS.optional(),
  scaling: SCALING.optional(),
  fullSize: FULL_SIZE.optional(),
});

const SPREAD = z.object({ median: z.number(), low: z.number(), high: z.number() });

/** Files of before: medians and spreads alone, of the studio's engine and PyTorch eager. */
const FIRST_VERSION = z.object({
  date: z.iso.date(),
  cpu: z.string(),
  threads: z.number().int().positive(),
  rounds: z.number().int().positive(),
  webgpu: z.object({ adapter: z.string().nullable(), emulated: z.boolean() }).nullable(),
  torch: z.string().nullable(),
  rows: z.array(
    z.object({
      name: z.string(),
      backend: z.enum(["wasm", "webgpu"]),
      ours: SPREAD,
      torch: SPREAD.nullable(),
      ratio: SPREAD.nullable(),
    }),
  ),
});

export type MachineResults = z.infer<typeof MACHINE>;
export type FirstVersion = z.infer<typeof FIRST_VERSION>;
export type Comparison = z.infer<typeof COMPARISON>;
export type Floor = z.infer<typeof FLOOR>;
export type OptimisationResults = z.infer<typeof OPTIMISATIONS>;
export type FullSizeResults = z.infer<typeof FULL_SIZE>;
export type ScalingResults = z.infer<typeof SCALING>;

/** @throws StudioError "invalid-input" naming the file and what in it is not as it should be */
export function parseResults(file: string, text: string): MachineResults | FirstVersion {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw new StudioError("invalid-input", `"${file}" is not JSON; run the bench again.`, {
      cause,
    });
  }
  const isNew = typeof data === "object" && data !== null && "version" in data;
  const result = (isNew ? MACHINE : FIRST_VERSION).safeParse(data);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".") ?? "";
  throw new StudioError(
    "invalid-input",
    `"${file}" is not a bench's results (${where}: ${issue?.message ?? ""}); run the bench again.`,
  );
}
