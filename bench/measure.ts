/** @file One piece of work on every backend and in PyTorch, in turns, so that all see the same machine. */
import type { Model } from "../src/engine/model/read-model.ts";
import type { Runtime } from "../src/engine/ort/runtime.ts";
import { ratios, type Spread, spread } from "./statistics.ts";
import type { TorchPeer } from "./torch-peer.ts";
import type { Work } from "./work.ts";

/** Milliseconds. */
export interface Row {
  readonly name: string;
  readonly backend: Runtime["backend"];
  readonly ours: Spread;
  readonly torch: Spread | null;
  /** Ours over PyTorch, of times in the same round. */
  readonly ratio: Spread | null;
}

/** One row a runtime; PyTorch runs once a round, for all of them. */
export async function measure(
  work: Work,
  bench: {
    readonly model: Model;
    readonly runtimes: readonly Runtime[];
    readonly peer: TorchPeer | null;
    readonly rounds: number;
  },
): Promise<Row[]> {
  const { model, runtimes, peer, rounds } = bench;
  const sides = [];
  for (const runtime of runtimes) {
    sides.push({ runtime, opened: await work.open(model, runtime), ours: [] as number[] });
  }
  const theirs: number[] = [];
  // The first round does not count: caches, thread pools, memory, shaders.
  for (let round = 0; round <= rounds; round++) {
    for (const { opened, ours } of sides) {
      const start = performance.now();
      await opened.run();
      if (round > 0) ours.push(performance.now() - start);
      await settle();
    }
    const ms = await peer?.run(work.request);
    if (ms !== undefined && round > 0) theirs.push(ms);
    await settle();
  }
  for (const { opened } of sides) await opened.release();
  return sides.map(({ runtime, ours }) => ({
    name: work.name,
    backend: runtime.backend,
    ours: spread(ours),
    torch: peer === null ? null : spread(theirs),
    ratio: peer === null ? null : ratios(ours, theirs),
  }));
}

/** Thread pools go on spinning for a while after a run, on the cores that the other side is about to use. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}
