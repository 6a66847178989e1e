/**
 * @file Concepts that were trained apart, merged into one set of weights: the constrained least squares of Custom
 * Diffusion (arXiv 2212.04488, section 3.2, eq. 3 and 4, and appendix B), for all layers at once.
 *
 *   minimise ‖Creg ΔW‖² + Σ μ_n ‖C_n (ΔW - ΔW_n)‖²  subject to  C ΔW = T
 *   ΔW = ΔW_u + G⁺ Cᵀ (C G⁺ Cᵀ)⁻¹ (T - C ΔW_u)
 *
 * Row i of T is cᵢ ΔW_n, n the concept of cᵢ. The sum over context rows C_n is ours: ΔW_u and G are in context-rows.ts;
 * without contexts ΔW_u = 0 and G = Cregᵀ Creg, which is the paper's.
 *
 * In the coordinates of the feature space C G⁺ Cᵀ is Y Yᵀ = L Lᵀ with Y = L Q, so that the second term is
 * (G⁺)^½ Qᵀ L⁻¹ (T - C ΔW_u).
 * Derivation: docs/math/merge.md.
 */
import { type CancelSignal, throwIfAborted } from "../cancel.ts";
import { solveLower, triangularFactor } from "../linalg/triangular-factor.ts";
import { rowOf } from "../linalg/vector.ts";
import { drawnToContexts, weighContexts, withContexts } from "./context-rows.ts";
import { ENERGY_THRESHOLD, featureSpace, fromCoordinates } from "./feature-space.ts";
import type { RegularisationGram } from "./gram.ts";
import { checkMerge, refuseDependentRows, refuseSharedConcepts } from "./merge-refusals.ts";
import { applyRows, changesOf, missingFrom } from "./merge-products.ts";
import { type Drift, measureDrift } from "./drift.ts";
import {
  type LeftOut,
  type MergeTarget,
  sortRows,
  targetRows,
  type TogetherContext,
} from "./target-rows.ts";

export interface MergeInput {
  /** Packed W0 [E, S]. */
  readonly base: Float32Array;
  readonly targets: readonly MergeTarget[];
  /** Prompts that name several of them; none where left out. */
  readonly together?: readonly TogetherContext[];
  readonly gram: RegularisationGram;
}

export interface MergeOptions {
  /** τ: directions with less than this share of the mean energy are cut off. */
  readonly threshold?: number;
  /** Share of the work done; awaited, so that a worker can hear of a stop meanwhile. */
  readonly onProgress?: (done: number) => void | Promise<void>;
  readonly signal?: CancelSignal;
}

export interface MergeReport extends Drift {
  /** Target rows that the merged weights are held to. */
  readonly rows: number;
  /** Context rows that they are drawn to. */
  readonly contextRows: number;
  readonly duplicates: readonly LeftOut[];
  readonly shared: readonly LeftOut[];
  readonly cutDirections: number;
  /** Of G, contexts included, with all directions and with those that were retained. */
  readonly conditionBefore: number;
  readonly conditionAfter: number;
  /** Sine of the smallest angle between a row and all rows before it: its inverse is what disagreements grow by. */
  readonly smallestSine: number;
  /** Largest ‖c W - c W_n‖ / ‖c W_n‖ of a target row, W = W0 + ΔW rounded to float32. */
  readonly residual: number;
}

export interface Merge {
  /** Packed ΔW [E, S]; without contexts of rank `rows` at most. */
  readonly difference: Float32Array;
  readonly report: MergeReport;
}

/**
 * @throws StudioError "invalid-input" where sizes do not fit, a number is not finite, or two concepts cannot be told
 * apart; "cancelled" once the signal is aborted
 */
export async function mergeConstrained(
  { base, targets, together = [], gram }: MergeInput,
  { threshold = ENERGY_THRESHOLD, onProgress, signal }: MergeOptions = {},
): Promise<Merge> {
  const columns = checkMerge(base, targets, together, gram);
  const pause = async (done: number): Promise<void> => {
    await onProgress?.(done);
    throwIfAborted(signal);
  };
  await pause(0);
  const contexts = weighContexts(targets, together, gram);
  const space = featureSpace(withContexts(gram, contexts), threshold);
  await pause(0.2);

  const { kept, duplicates, shared } = sortRows(targetRows(targets, space));
  refuseSharedConcepts(targets, kept, shared);
  const stacked = new Float64Array(kept.length * space.retained);
  kept.forEach(({ coordinates }, i) => stacked.set(coordinates, i * space.retained));
  const { lower, orthonormal, sines } = triangularFactor(stacked, space.retained);
  refuseDependentRows(kept, sines);

  const drawn = await drawnToContexts(space, contexts, columns, (done) => pause(0.2 + 0.6 * done));
  await pause(0.8);
  const changes = changesOf(kept, targets, columns);
  const solved = missingFrom(changes, kept, drawn, columns);
  solveLower(lower, solved, columns);
  const directions = kept.map((_, i) =>
    fromCoordinates(space, rowOf(orthonormal, space.retained, i)),
  );
  const toApply = { base, drawn, kept, changes, directions, solved, columns };
  const { difference, residual } = applyRows(toApply);
  await pause(0.9);
  const drift = measureDrift({ base, targets, gram, difference, columns });
  const { cut: cutDirections, conditionBefore, conditionAfter } = space;
  const contextRows = [...targets.map(({ context }) => context), ...together.map((it) => it.rows)];
  const contextNumbers = contextRows.reduce((sum, { length }) => sum + length, 0);
  const smallestSine = Math.min(...sines);
  await pause(1);
  return {
    difference,
    report: {
      rows: kept.length,
      contextRows: contextNumbers / space.width,
      duplicates,
      shared,
      cutDirections,
      conditionBefore,
      conditionAfter,
      smallestSine,
      residual,
      ...drift,
    },
  };
}
