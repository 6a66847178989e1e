/** @file Options of `npm run bench`, read and checked. */
import { availableParallelism } from "node:os";
import { BACKENDS, choiceOption } from "../src/cli/options.ts";
import { StudioError } from "../src/core/errors.ts";
import type { BackendPreference } from "../src/rpc/contracts.ts";
import { CONTENDERS, type ContenderName, type TorchOptions } from "./contenders.ts";
import { readArgs, whole } from "./read-args.ts";

export interface BenchOptions {
  /** What to measure; or only to write docs/performance.md. */
  readonly mode: "comparison" | "optimisations" | "scaling" | "write-docs";
  readonly rounds: number;
  /** Numbers of threads, fewest first; all but the last only in the comparison. */
  readonly threads: readonly number[];
  /** WebGPU beside wasm: on a real adapter (auto), on any (webgpu), not (wasm). */
  readonly backend: BackendPreference;
  /** Leaves wasm out, where a GPU is measured that costs by the minute. */
  readonly gpuOnly: boolean;
  /** What PyTorch computes on, and in. */
  readonly torch: TorchOptions;
  /** Who is left out. */
  readonly skip: ReadonlySet<ContenderName>;
  /** Part of the names of the rows to measure. */
  readonly only: string;
  /** Two rounds and a short image, to see that everything runs. */
  readonly quick: boolean;
}

const OPTIONS = {
  optimisations: { type: "boolean", default: false },
  scaling: { type: "boolean", default: false },
  "write-docs": { type: "boolean", default: false },
  rounds: { type: "string" },
  threads: { type: "string" },
  backend: { type: "string" },
  "gpu-only": { type: "boolean", default: false },
  "torch-device": { type: "string" },
  "torch-dtype": { type: "string" },
  skip: { type: "string", default: "" },
  only: { type: "string", default: "" },
  quick: { type: "boolean", default: false },
} as const;

/** @throws StudioError "invalid-input" naming the first option that cannot be */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = readArgs(args, OPTIONS);
  const modes = (["optimisations", "scaling", "write-docs"] as const).filter(
    (name) => values[name],
  );
  if (modes.length > 1) {
    throw new StudioError(
      "invalid-input",
      `One thing at a time: ${modes.map((name) => `--${name}`).join(" and ")} cannot be together.`,
    );
  }
  const device = values["torch-device"];
  const dtype = values["torch-dtype"];
  return {
    mode: modes[0] ?? "comparison",
    rounds: whole("rounds", values.rounds, values.quick ? 2 : 7, 1000),
    threads: threadCounts(values.threads),
    backend: choiceOption("backend", values.backend, BACKENDS, "auto"),
    gpuOnly: values["gpu-only"],
    torch: {
      device: choiceOption("torch-device", device, ["cpu", "cuda"] as const, "cpu"),
      dtype: choiceOption("torch-dtype", dtype, ["float32", "float16"] as const, "float32"),
    },
    skip: skipped(values.skip),
    only: values.only,
    quick: values.quick,
  };
}

/** One, two, and as many as the engine takes on this machine, unless one number is given. */
function threadCounts(text: string | undefined): number[] {
  const cores = availableParallelism();
  const own = whole("threads", text, null, cores);
  if (own !== null) return [own];
  const most = Math.min(8, cores);
  return [...new Set([1, Math.min(2, most), most])];
}

function skipped(text: string): Set<ContenderName> {
  const names = text.split(",").filter((name) => name.trim() !== "");
  return new Set(
    names.map((name) => {
      const found = CONTENDERS.find((contender) => contender === name.trim());
      if (found !== undefined) return found;
      throw new StudioError(
        "invalid-input",
        `--skip names "${name.trim()}", who is none of ${CONTENDERS.join(", ")}.`,
      );
    }),
  );
}
