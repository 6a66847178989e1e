/** @file What the engine that runs our WebAssembly is good at, as far as our code depends on it. */

export interface Target {
  /** It has relaxed SIMD, where multiply and add are one instruction. */
  readonly relaxed: boolean;
  /**
   * It loads a number where the number is used, so that tiles of 12 sums fit into 15 vector registers. V8 11, of Node 20,
   * moves loads to the front of a loop.
   */
  readonly tall: boolean;
}

/** Browsers with relaxed SIMD are newer than the V8 that cannot do with tall tiles. */
export const browserTarget = (relaxed: boolean): Target => ({ relaxed, tall: relaxed });
