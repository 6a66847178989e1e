/** @file What steps that are waited for get their gradients from: several sessions, or one. */
import type { Sample } from "./draw.ts";

export interface StepGradients {
  /** Opens what these samples need and is not there yet, which is no part of a step's time. */
  prepare(samples: readonly Sample[]): Promise<void>;
  /**
   * Adds a micro-batch's gradients to the arithmetic's; gives the samples' shares of the loss.
   * @param batch images of the whole step
   * @param rows values of the modifier tokens' rows [n, E] as they are now
   */
  accumulate(samples: readonly Sample[], batch: number, rows: Float32Array): Promise<Float32Array>;
  /** The rows were updated. */
  rowsChanged(): void;
  /** Compiles everything for the GPU. */
  warmUp(): Promise<void>;
  release(): Promise<void>;
}
