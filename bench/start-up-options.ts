/** @file Options of `npm run bench:start-up`, read and checked: what is wrong is a sentence and exit code 2. */
import { existsSync } from "node:fs";
import path from "node:path";
import { StudioError } from "../src/core/errors.ts";
import { readArgs, whole } from "./read-args.ts";

export interface StartUpOptions {
  readonly rounds: number;
  readonly visits: number;
  /** Denoising steps; the page's own number where null. */
  readonly steps: number | null;
  /** Of the connection; 0 is as fast as it goes. */
  readonly bytesPerSecond: number;
  /** Another build to compare with. */
  readonly beside: string | null;
}

const OPTIONS = {
  rounds: { type: "string" },
  visits: { type: "string" },
  steps: { type: "string" },
  mbit: { type: "string" },
  beside: { type: "string" },
} as const;

export function startUpOptions(args: readonly string[]): StartUpOptions {
  try {
    return read(args);
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
}

function read(args: readonly string[]): StartUpOptions {
  const { rounds, visits, steps, mbit, beside = null } = readArgs(args, OPTIONS).values;
  if (beside !== null && !existsSync(path.join(beside, "index.html"))) {
    throw new StudioError(
      "invalid-input",
      `--beside "${beside}" is no build of the studio; give a folder that has an index.html.`,
    );
  }
  return {
    rounds: whole("rounds", rounds, 3, 1000),
    visits: whole("visits", visits, 3, 3),
    steps: whole("steps", steps, null, 1000),
    bytesPerSecond: (whole("mbit", mbit, 0, 100_000) * 1e6) / 8,
    beside,
  };
}
