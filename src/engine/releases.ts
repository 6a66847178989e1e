/** @file Things opened one after the other or side by side, given back together: all of them where a later one cannot be opened. */

export interface Releasable {
  release(): Promise<void>;
}

/**
 * Runs `open`, which hands everything it opens to `keep`; where it fails, what was kept is released again.
 */
export async function openTogether<T>(
  open: (keep: <R extends Releasable>(opened: R) => R) => Promise<T>,
): Promise<T> {
  const kept: Releasable[] = [];
  try {
    return await open((opened) => {
      kept.push(opened);
      return opened;
    });
  } catch (error) {
    for (const opened of kept.reverse()) await opened.release();
    throw error;
  }
}

/** All of them; where one fails, not before the others have ended, so that what they opened can be given back. */
export async function allEnded<T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}
