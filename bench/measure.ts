/** @file One piece of work by everybody in turns, round by round, so that all see the same machine. */
import type { Peer } from "./peers/protocol.ts";
import type { WorkSpec } from "./work/spec.ts";

export interface Measured<T> {
  readonly by: T;
  /** Milliseconds, one a round: those of two contenders in the same round can be compared. */
  readonly ms: readonly number[];
}

export interface Refused<T> {
  readonly by: T;
  readonly reason: string;
}

/** Those who cannot do the work are left out, and say why. */
export async function measure<T extends { readonly peer: Peer }>(
  spec: WorkSpec,
  contenders: readonly T[],
  rounds: number,
): Promise<{ readonly measured: readonly Measured<T>[]; readonly refused: readonly Refused<T>[] }> {
  const measured: { readonly by: T; readonly ms: number[] }[] = [];
  const refused: Refused<T>[] = [];
  for (const by of contenders) {
    const reason = await by.peer.open(spec);
    if (reason === null) measured.push({ by, ms: [] });
    else refused.push({ by, reason });
  }
  // The first round does not count: caches, thread pools, memory, shaders.
  for (let round = 0; round <= rounds; round++) {
    for (const { by, ms } of measured) {
      const ran = await by.peer.run();
      if (round > 0) ms.push(ran.ms);
      await settle();
    }
  }
  for (const { by } of measured) await by.peer.release();
  return { measured, refused };
}

/** Thread pools go on spinning for a while after a run, on the cores that the next one is about to use. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}
