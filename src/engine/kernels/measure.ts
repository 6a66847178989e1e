/** @file How long launches take on this device; and what is called faster. */
import type { Dispatch } from "./define-kernel.ts";
import type { KernelQueue } from "./kernel-queue.ts";

/** Rounds of each variant; the fastest counts. */
const ROUNDS = 3;

/** How much faster than the usual another variant has to be: less is noise. */
const WORTH = 0.9;

/** Milliseconds of the launches together. */
export async function fastest(queue: KernelQueue, work: readonly Dispatch[]): Promise<number> {
  await queue.prepare(work.map(({ kernel }) => kernel));
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

/** The variant of the least time, or the usual one where none is clearly faster. */
export function bestOf<V>(times: ReadonlyMap<V, number>, usual: V): V {
  const least = WORTH * (times.get(usual) ?? Infinity);
  const [best] = [...times].toSorted((a, b) => a[1] - b[1]);
  return best !== undefined && best[1] < least ? best[0] : usual;
}
