/** @file Whether the gradient's norm is summed in subgroups on a device: where it has them, and they are faster and exact. */
import { createStorage } from "./buffers.ts";
import { type Dispatch, runsOn } from "./define-kernel.ts";
import {
  gradientNorm,
  gradientNormKernels,
  normPartialsLength,
  VERDICT_BYTES,
} from "./gradient-norm/index.ts";
import { REDUCTIONS, type Reduction } from "./gradient-norm/sum.wgsl.ts";
import type { KernelQueue } from "./kernel-queue.ts";
import { bestOf, fastest } from "./measure.ts";

/** Norms in one submission: one alone takes less time than submitting it. */
const NORMS = 8;

/** Numbers that choosing takes a norm of at most: the rest would only take time. */
const MOST = 2 ** 20;

const chosen = new WeakMap<GPUDevice, Reduction>();

/** What was chosen on this device; the tree where nothing was measured. */
export function reductionOf(device: GPUDevice): Reduction {
  return chosen.get(device) ?? "tree";
}

/** Measures once a device. */
export async function chooseReduction(queue: KernelQueue, length: number): Promise<void> {
  if (chosen.has(queue.device)) return;
  chosen.set(queue.device, bestOf(await reductionTimes(queue, Math.min(length, MOST)), "tree"));
}

/** The reductions that the device has. */
export function reductionsOn(device: Pick<GPUDevice, "features">): readonly Reduction[] {
  return REDUCTIONS.filter((reduction) => runsOn(device, gradientNormKernels(reduction)));
}

/**
 * Milliseconds of a few norms of `length` numbers, by reduction. One whose verdict is not the tree's to the last bit is
 * left out: a driver may have subgroups with fewer invocations than it says.
 */
export async function reductionTimes(
  queue: KernelQueue,
  length: number,
): Promise<ReadonlyMap<Reduction, number>> {
  const { device } = queue;
  const parts = [{ length }];
  const made: GPUBuffer[] = [];
  const storage = async (count: number): Promise<GPUBuffer> => {
    const buffer = await createStorage(device, count, "a measurement");
    made.push(buffer);
    return buffer;
  };
  const times = new Map<Reduction, number>();
  try {
    const gradient = await storage(length);
    const partials = await storage(normPartialsLength(parts));
    const lossScale = await storage(1);
    const verdict = await storage(VERDICT_BYTES / 4);
    device.queue.writeBuffer(lossScale, 0, Float32Array.of(1));
    device.queue.writeBuffer(gradient, 0, sample(length));
    let expected: string | undefined;
    for (const reduction of reductionsOn(device)) {
      const buffers = { partials, lossScale, verdict };
      const ranges = [{ gradient, length }];
      const norm = gradientNorm(ranges, buffers, null, undefined, reduction);
      const time = await fastest(queue, Array<readonly Dispatch[]>(NORMS).fill(norm).flat());
      const got = String(new Uint32Array(await queue.read(verdict, VERDICT_BYTES)));
      expected ??= got;
      if (got === expected) times.set(reduction, time);
    }
  } finally {
    for (const buffer of made) buffer.destroy();
  }
  return times;
}

/** Numbers whose sums round, at the beginning of a vector: enough to tell one order of summation from another. */
function sample(length: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: Math.min(length, 2 ** 16) }, (_, i) => Math.sin(i + 1));
}
