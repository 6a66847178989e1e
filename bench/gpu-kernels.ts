/**
 * @file `npm run bench:kernels`: the variants of our kernels side by side on this machine's GPU, on the default model's
 * shapes and on those of Stable Diffusion 1.5; each as its share of the usual one's time, and what the adapter lacks.
 * Options: --quick.
 */
import { StudioError } from "../src/core/errors.ts";
import type { KvProjectionShape } from "../src/core/surgery/kv-projection.ts";
import { candidates, productTimes } from "../src/engine/kernels/choose-product.ts";
import { reductionTimes } from "../src/engine/kernels/choose-reduction.ts";
import { REDUCTIONS } from "../src/engine/kernels/gradient-norm/sum.wgsl.ts";
import { KernelQueue } from "../src/engine/kernels/kernel-queue.ts";
import { USUAL, type Variant, variantName } from "../src/engine/kernels/tiled-matmul/variant.ts";
import { runAlone } from "./alone.ts";

/** Columns of all key and value projections of Stable Diffusion 1.5. */
const SD_COLUMNS = 24_960;

/** What some adapter has, to list what this one lacks. */
const everyFeature = { features: new Set(["shader-f16", "subgroups"]) };

await runAlone(async ({ model, runtime: { device }, quick }) => {
  if (device === null) {
    throw new StudioError(
      "backend-unavailable",
      "Kernels for GPUs are compared on a GPU; where there is only an emulated one, say --backend webgpu.",
    );
  }
  const shapes = [
    { name: "default model, batch 4", batch: 4, ...model.unet.kv },
    { name: "Stable Diffusion 1.5, batch 2", batch: 2, textWidth: 768, columns: SD_COLUMNS },
  ];
  const queue = new KernelQueue(device);
  for (const { name, ...widths } of quick ? shapes.slice(0, 1) : shapes) {
    const shape = { ...widths, tokens: 77 };
    console.log(`${name}: keys, values and both their gradients`);
    await compareProducts(queue, shape);
    console.log(`${name}: the gradient's norm, eight times`);
    const times = await reductionTimes(queue, shape.textWidth * shape.columns);
    for (const reduction of REDUCTIONS) {
      show(
        reduction,
        times.get(reduction),
        times.get("tree"),
        "no subgroups, or not the same sums",
      );
    }
  }
  queue.release();
});

async function compareProducts(queue: KernelQueue, shape: KvProjectionShape): Promise<void> {
  const times = await productTimes(queue, shape, candidates(queue.device, shape, true));
  const byName = new Map([...times].map(([variant, time]) => [variantName(variant), time]));
  const all: readonly Variant[] = candidates(everyFeature, shape, true);
  for (const variant of all) {
    const name = variantName(variant);
    show(name, byName.get(name), times.get(USUAL), "no shader-f16");
  }
}

/** @param why there is no time: what the adapter lacks then */
function show(name: string, time: number | undefined, usual = NaN, why: string): void {
  const what =
    time === undefined
      ? `not available on this adapter: ${why}`
      : `${time.toFixed(2).padStart(9)} ms ${(time / usual).toFixed(2)}`;
  console.log(`  ${name.padEnd(26)} ${what}`);
}
