/**
 * @file `npm run bench:kernels`: the tiles of our matrix products side by side on this machine's GPU, on the default
 * model's shapes and on those of Stable Diffusion 1.5; each as its share of the usual tile's time. Options: --quick.
 */
import { StudioError } from "../src/core/errors.ts";
import { tileTimes } from "../src/engine/kernels/choose-tile.ts";
import { KernelQueue } from "../src/engine/kernels/kernel-queue.ts";
import { TILE } from "../src/engine/kernels/tiled-matmul/index.ts";
import { runAlone } from "./alone.ts";

/** Columns of all key and value projections of Stable Diffusion 1.5. */
const SD_COLUMNS = 24_960;

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
  for (const { name, ...shape } of quick ? shapes.slice(0, 1) : shapes) {
    const times = await tileTimes(queue, { ...shape, tokens: 77 });
    console.log(name);
    for (const [{ rows, columns, depth }, time] of times) {
      const ratio = (time / (times.get(TILE) ?? NaN)).toFixed(2);
      console.log(`  ${rows} x ${columns} x ${depth}`.padEnd(18), `${time.toFixed(2)} ms`, ratio);
    }
  }
  queue.release();
});
