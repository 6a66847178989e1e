/** @file What a bench of its own runs on: the default model on one backend, chosen by --backend, --without and --quick. */
import { openRuntime } from "../src/cli/backend.ts";
import { BACKENDS, choiceOption } from "../src/cli/options.ts";
import { StudioError } from "../src/core/errors.ts";
import { optimisationsWithout } from "../src/core/optimisations.ts";
import { type Model, readModel } from "../src/engine/model/read-model.ts";
import type { Runtime } from "../src/engine/ort/runtime.ts";
import { folderFiles } from "../src/hub/folder-files.ts";
import { MODEL } from "./contenders.ts";
import { readArgs } from "./read-args.ts";

interface Alone {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly quick: boolean;
}

const OPTIONS = {
  backend: { type: "string" },
  without: { type: "string", default: "" },
  quick: { type: "boolean", default: false },
} as const;

/** Runs the bench; bad options are a sentence and exit code 2. */
export async function runAlone(bench: (alone: Alone) => Promise<void>): Promise<void> {
  try {
    const { values } = readArgs(process.argv.slice(2), OPTIONS);
    const backend = choiceOption("backend", values.backend, BACKENDS, "auto");
    const optimisations = optimisationsWithout(values.without);
    const { runtime, reason, release } = await openRuntime(backend, optimisations);
    console.log(reason);
    try {
      const model = await readModel("toybox-256", folderFiles(MODEL), undefined, optimisations);
      await bench({ model, runtime, quick: values.quick });
    } finally {
      release();
    }
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
