/** @file How long work still takes, from how fast it has gone so far. */

/** A function of what is done, of how much, and the time; null until there is a speed to go by. */
export function createCountdown(): (done: number, total: number, time: number) => number | null {
  // The first step to end is where the clock starts: what came before it was preparation.
  let first: { readonly done: number; readonly time: number } | null = null;
  return (done, total, time) => {
    first ??= { done, time };
    const steps = done - first.done;
    if (steps <= 0) return null;
    return ((time - first.time) / steps) * (total - done);
  };
}
