/** @file Options of `npm run bench:full-size`, read and checked. */
import { memoryOption } from "../../src/cli/memory-option.ts";
import { BACKENDS, choiceOption, precisionOption } from "../../src/cli/options.ts";
import type { Precision } from "../../src/core/precision.ts";
import type { BackendPreference } from "../../src/rpc/contracts.ts";
import { readArgs, whole } from "../read-args.ts";
import { FULL_SIZE_MODELS, type FullSizeName } from "./models.ts";

const TORCH_DEVICES = ["cuda", "cpu", "none"] as const;
const TORCH_DTYPES = ["auto", "float32", "float16", "half"] as const;

export interface FullSizeOptions {
  readonly model: FullSizeName;
  readonly backend: BackendPreference;
  /** Bytes that the plan may use; null is the usual. */
  readonly memory: number | null;
  readonly precision: Precision | "auto";
  readonly rounds: number;
  /** Null: on the GPU where the studio computes on one. */
  readonly torchDevice: (typeof TORCH_DEVICES)[number] | null;
  /** "auto" is what the plan computes in. */
  readonly torchDtype: (typeof TORCH_DTYPES)[number];
  /** Part of the names of the rows to measure. */
  readonly only: string;
  readonly planOnly: boolean;
  /** Where to write the results; null is bench/results. */
  readonly json: string | null;
}

const OPTIONS = {
  model: { type: "string" },
  backend: { type: "string" },
  memory: { type: "string" },
  precision: { type: "string" },
  rounds: { type: "string" },
  "torch-device": { type: "string" },
  "torch-dtype": { type: "string" },
  only: { type: "string", default: "" },
  "plan-only": { type: "boolean", default: false },
  json: { type: "string" },
} as const;

/** @throws StudioError "invalid-input" naming the first option that cannot be */
export function readFullSizeOptions(args: readonly string[]): FullSizeOptions {
  const { values } = readArgs(args, OPTIONS);
  const device = values["torch-device"];
  return {
    model: choiceOption("model", values.model, FULL_SIZE_MODELS, "sd15"),
    backend: choiceOption("backend", values.backend, BACKENDS, "auto"),
    memory: memoryOption(values.memory),
    precision: precisionOption(values.precision),
    rounds: whole("rounds", values.rounds, 10, 1000),
    torchDevice:
      device === undefined ? null : choiceOption("torch-device", device, TORCH_DEVICES, "none"),
    torchDtype: choiceOption("torch-dtype", values["torch-dtype"], TORCH_DTYPES, "auto"),
    only: values.only,
    planOnly: values["plan-only"],
    json: values.json ?? null,
  };
}
