/**
 * @file `npm run bench`: forward, training step, image, decoding and opening of the default model, in Node and in Chromium,
 * beside PyTorch eager and compiled and native onnxruntime; interleaved round by round. `--optimisations` measures what
 * each of them is worth, `--scaling` how time grows, `--write-docs` makes docs/performance.md of what was measured.
 * Options: --rounds N, --threads N, --backend auto|wasm|webgpu, --skip NAMES, --only PART_OF_A_NAME, --quick;
 * on a machine with a GPU of its own, --gpu-only and --torch-device cuda --torch-dtype float32|float16.
 */
import { StudioError } from "../src/core/errors.ts";
import { compare } from "./comparison.ts";
import { compareOptimisations } from "./optimisations.ts";
import { type BenchOptions, readOptions } from "./options.ts";
import type { MachineResults } from "./report/results.ts";
import { writeSections } from "./report/results-file.ts";
import { writeDocs } from "./report/write-docs.ts";
import { measureScaling } from "./scaling.ts";

const MEASURE = {
  comparison: compare,
  optimisations: compareOptimisations,
  scaling: measureScaling,
} satisfies Record<string, (options: BenchOptions) => Promise<Partial<MachineResults>>>;

try {
  await bench(readOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function bench(options: BenchOptions): Promise<void> {
  if (options.mode === "write-docs") {
    for (const file of await writeDocs()) console.log(`written: ${file}`);
    return;
  }
  const sections = await MEASURE[options.mode](options);
  if (options.quick || options.only !== "") {
    console.log("not written to bench/results, where only whole runs go");
    return;
  }
  const threads = Math.max(...options.threads);
  const file = await writeSections(sections, { threads, gpuOnly: options.gpuOnly });
  console.log(`written to bench/results/${file}; npm run bench -- --write-docs shows it`);
}
