/** @file Which tile our matrix products take on a device: the one that was fastest there on the shapes they will have. */
import type { KvProjectionShape } from "../../core/surgery/kv-projection.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import { createStorage } from "./buffers.ts";
import type { Dispatch } from "./define-kernel.ts";
import type { KernelQueue } from "./kernel-queue.ts";
import {
  kvBackwardKernels,
  kvTextGradient,
  kvWeightGradient,
  partialsLength,
} from "./kv-backward/index.ts";
import { kvProjection, kvProjectionKernel } from "./kv-projection/index.ts";
import { TILE, type Tile, TILES } from "./tiled-matmul/index.ts";

/** Rounds of each variant; the fastest counts. */
const ROUNDS = 3;

/** How much faster another tile has to be: less is noise. */
const WORTH = 0.9;

/** Milliseconds that choosing may take: a GPU that is slower than that gains nothing by it. */
const BUDGET = 500;

const chosen = new WeakMap<GPUDevice, Tile>();

/** What was chosen on this device, or the usual tile where nothing was measured. */
export function tileOf(device: GPUDevice): Tile {
  return chosen.get(device) ?? TILE;
}

/** Measures once a device, which takes some tens of milliseconds; later calls give what came of it. */
export async function chooseTile(queue: KernelQueue, shape: KvProjectionShape): Promise<Tile> {
  const known = chosen.get(queue.device);
  if (known !== undefined) return known;
  const times = await tileTimes(queue, shape, BUDGET);
  const usual = times.get(TILE) ?? Infinity;
  const [best = [TILE, usual]] = [...times].toSorted((a, b) => a[1] - b[1]);
  const tile = best[1] < WORTH * usual ? best[0] : TILE;
  chosen.set(queue.device, tile);
  return tile;
}

/**
 * Milliseconds of a projection and both its gradients, by tile, the usual one first.
 * @param budget milliseconds after which no further tile is tried
 */
export async function tileTimes(
  queue: KernelQueue,
  shape: KvProjectionShape,
  budget = Infinity,
): Promise<ReadonlyMap<Tile, number>> {
  const { batch, tokens, textWidth, columns } = shape;
  const made: GPUBuffer[] = [];
  const storage = async (...dims: number[]): Promise<GPUBuffer> => {
    const buffer = await createStorage(queue.device, elementCount(dims), "a measurement");
    made.push(buffer);
    return buffer;
  };
  const times = new Map<Tile, number>();
  try {
    const c = await storage(batch, tokens, textWidth);
    const w = await storage(textWidth, columns);
    const kv = await storage(batch, tokens, columns);
    const dW = await storage(textWidth, columns);
    const partials = await storage(partialsLength(shape));
    const dC = await storage(batch, tokens, textWidth);
    const end = performance.now() + budget;
    for (const tile of TILES) {
      if (times.size > 0 && performance.now() > end) break;
      await queue.prepare([kvProjectionKernel(tile), ...kvBackwardKernels(tile)]);
      const work = [
        ...kvProjection(shape, { c, w, kv }, undefined, tile),
        ...kvWeightGradient(shape, { c, dKv: kv, dW }, undefined, tile),
        ...kvTextGradient(shape, { dKv: kv, w, partials, dC }, undefined, undefined, tile),
      ];
      times.set(tile, await fastest(queue, work));
    }
  } finally {
    for (const buffer of made) buffer.destroy();
  }
  return times;
}

async function fastest(queue: KernelQueue, work: readonly Dispatch[]): Promise<number> {
  let best = Infinity;
  // The first round does not count: the driver may still be compiling.
  for (let round = 0; round <= ROUNDS; round++) {
    const start = performance.now();
    queue.submit(work);
    await queue.device.queue.onSubmittedWorkDone();
    if (round > 0) best = Math.min(best, performance.now() - start);
  }
  await queue.settled();
  return best;
}
