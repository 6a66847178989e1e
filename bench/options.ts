/** @file Options of `npm run bench`, read and checked. */
import { availableParallelism } from "node:os";
import { BACKENDS, choiceOption } from "../src/cli/options.ts";
import { type Optimisations, optimisationsWithout } from "../src/core/optimisations.ts";
import { readArgs, whole } from "./read-args.ts";
import type { TorchOptions } from "./torch-peer.ts";
import type { BackendPreference } from "../src/rpc/contracts.ts";

export interface BenchOptions {
  readonly rounds: number;
  /** Of wasm and of PyTorch. */
  readonly threads: number;
  /** WebGPU beside wasm: on a real adapter (auto), on any (webgpu), not (wasm). */
  readonly backend: BackendPreference;
  /** Leaves wasm out, where a GPU is measured that costs by the minute. */
  readonly gpuOnly: boolean;
  /** All but those that --without names. */
  readonly optimisations: Optimisations;
  /** What PyTorch computes on, and in. */
  readonly torchDevice: TorchOptions["device"];
  readonly torchDtype: TorchOptions["dtype"];
  /** Part of the names of the rows to measure. */
  readonly only: string;
  /** Two rounds and a short image, to see that everything runs. */
  readonly quick: boolean;
}

const OPTIONS = {
  rounds: { type: "string" },
  threads: { type: "string" },
  backend: { type: "string" },
  "gpu-only": { type: "boolean", default: false },
  without: { type: "string", default: "" },
  "torch-device": { type: "string" },
  "torch-dtype": { type: "string" },
  only: { type: "string", default: "" },
  quick: { type: "boolean", default: false },
} as const;

/** @throws StudioError "invalid-input" naming the first option that cannot be */
export function readOptions(args: string[]): BenchOptions {
  const { values } = readArgs(args, OPTIONS);
  const { rounds, threads, backend, only, quick } = values;
  const cores = availableParallelism();
  return {
    rounds: whole("rounds", rounds, quick ? 2 : 7, 1000),
    threads: whole("threads", threads, Math.min(8, cores), cores),
    backend: choiceOption("backend", backend, BACKENDS, "auto"),
    gpuOnly: values["gpu-only"],
    optimisations: optimisationsWithout(values.without),
    torchDevice: choiceOption(
      "torch-device",
      values["torch-device"],
      ["cpu", "cuda"] as const,
      "cpu",
    ),
    torchDtype: choiceOption(
      "torch-dtype",
      values["torch-dtype"],
      ["float32", "float16"] as const,
      "float32",
    ),
    only,
    quick,
  };
}
