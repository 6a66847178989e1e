/**
 * @file `npm run bench:full-size`: Stable Diffusion at its own size with random weights, planned, then a forward pass and a
 * training step, beside PyTorch on the same GPU: times, and what memory they take. Needs no model, and no network.
 * Options: --model sd15|sd21|nano, --backend auto|webgpu|wasm, --memory 8GB, --precision auto|float16|float32, --rounds N,
 * --torch-device cuda|cpu|none, --torch-dtype auto|float32|float16|half, --only PART_OF_A_NAME, --plan-only,
 * --json FILE.
 */
import { availableParallelism } from "node:os";
import { StudioError } from "../src/core/errors.ts";
import { memoryText, planSentence } from "../src/core/plan/plan-text.ts";
import {
  measureFullSize,
  planFullSize,
  type PlannedDevice,
  type Progress,
} from "./full-size/compare.ts";
import { type FullSizeOptions, readFullSizeOptions } from "./full-size/options.ts";
import { bytesText, overTorch, spreadText } from "./report/full-size-part.ts";
import { writeAlone, writeSections } from "./report/results-file.ts";

try {
  await bench(readFullSizeOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof StudioError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}

async function bench(options: FullSizeOptions): Promise<void> {
  const { json, model, only } = options;
  const planned = await planFullSize(options);
  showPlan(planned);
  if (options.planOnly) return;
  const fullSize = await measureFullSize(planned, options, async ({ latest, results }) => {
    showRows(latest);
    // What is measured is kept, whatever becomes of the rest.
    if (json !== null) await writeAlone(json, { fullSize: results });
  });
  for (const version of fullSize.versions) console.log(version);
  if (json !== null) {
    console.log(`written: ${json}`);
  } else if (planned.backend === "webgpu" && model !== "nano" && only === "") {
    const threads = Math.min(8, availableParallelism());
    const file = await writeSections({ fullSize }, { threads, gpuOnly: true });
    console.log(`written to bench/results/${file}; npm run bench -- --write-docs shows it`);
  } else {
    console.log(
      "not written to bench/results, where whole runs of full-size models on GPUs go; --json FILE writes",
    );
  }
}

function showPlan({ device, plans, works }: PlannedDevice): void {
  console.log(device);
  for (const plan of plans) {
    console.log(planSentence(plan));
    for (const { name, items, bytes } of plan.phases) {
      console.log(`  ${name}: ${memoryText(bytes)}`);
      for (const item of items) console.log(`    ${memoryText(item.bytes)} ${item.name}`);
    }
  }
  for (const { name, plannedBytes, choices } of works) {
    console.log(`${name}: ${memoryText(plannedBytes)} by the plan, ${choices.precision}`);
  }
}

function showRows({ rows, notes }: Progress["latest"]): void {
  for (const row of rows) {
    const ratio = overTorch(row, rows);
    const parts = [
      `${row.work}, ${row.contender}, ${row.precision}: ${spreadText(row.ms)}`,
      ...(ratio === "" ? [] : [`${ratio} of PyTorch's time`]),
      `opened after ${(row.openMs / 1000).toFixed(1)} s`,
      `memory by its own account ${bytesText(row.ownBytes)}`,
      row.openingBytes === null
        ? "by the driver not measured"
        : `by the driver ${bytesText(row.openingBytes)} while it opened, ${bytesText(row.runningBytes)} while it ran`,
    ];
    console.log(parts.join("; "));
  }
  for (const note of notes) console.log(note);
}
