/** @file What the engine that runs our WebAssembly is good at, as far as our code depends on it. */

export interface Target {
  /** It has relaxed SIMD, where multiply and add are one instruction. */
  readonly relaxed: boolean;
  /**
   * It loads a number where the number is used, so that tiles of 12 sums fit into 15 vector registers. V8 11, of Node 20,
   * moves loads to the front of a loop.
   */
  readonly tall: boolean;
  /** It computes two vectors as one: tiles of Dense are twice as wide. */
  readonly wide?: boolean;
}

/**
 * Browsers with relaxed SIMD are newer than Node 20's V8, most of them by much: tall tiles were measured in Chromium 156.
 * They are right everywhere, and may be slower in Chromium 114 to 119 (V8 11.4 to 11.9).
 */
export const browserTarget = (relaxed: boolean): Target => ({ relaxed, tall: relaxed });
