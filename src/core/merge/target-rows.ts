/**
 * @file Which rows the merged weights are held to: the target rows of all concepts, less those that say the same again
 * and those that two concepts share.
 *
 * A row and its twin in another concept can differ by less than the model hears: the first word of a prompt, say, where
 * the text encoder answers to the position and hardly to the word. Holding the merged weights to two values there would
 * need a difference of 1 / sine times their disagreement, and every other prompt would pay for it.
 */
import { dot } from "../linalg/vector.ts";
import { type FeatureSpace, toCoordinates } from "./feature-space.ts";

/** One concept, and where the merged weights must do what its own do. */
export interface MergeTarget {
  /** What people know it by: "<new1> bear". */
  readonly name: string;
  /** Target rows C_n [s_n, E]: features of its prompts from V* to the end mark. */
  readonly features: Float32Array;
  /** What each row is, for messages: 'bear in "photo of a <new1> bear"' [s_n]. */
  readonly labels: readonly string[];
  /**
   * Context rows [r, E]: features of longer prompts from V* on, padding included, where the merged weights are drawn to
   * the concept's own without being held to them; none is fine.
   */
  readonly context: Float32Array;
  /** Packed W_n - W0 [E, S]. */
  readonly difference: Float32Array;
}

/** Prompts that name several concepts. */
export interface TogetherContext {
  /** Context rows [r, E]: features from the last concept's V* on, padding included. */
  readonly rows: Float32Array;
  /** Indices of the concepts that they name: the merged weights are drawn to the sum of their differences. */
  readonly of: readonly number[];
}

export interface TargetRow {
  /** Index of its concept. */
  readonly concept: number;
  readonly label: string;
  /** c [E] */
  readonly features: Float64Array;
  /** c in the coordinates of the feature space [k]. */
  readonly coordinates: Float64Array;
  readonly norm: number;
}

/** A row that was left out, and the row that is why. */
export interface LeftOut {
  readonly label: string;
  readonly because: string;
}

export interface SortedRows {
  readonly kept: readonly TargetRow[];
  /** Rows that repeat one of their own concept. */
  readonly duplicates: readonly LeftOut[];
  /** Rows that two concepts share: there the merged weights follow neither. */
  readonly shared: readonly LeftOut[];
}

/** Relative distance below which two rows of one concept are the same: rounding of float32, and of no more. */
const SAME = 1e-5;

/**
 * Sine of the angle below which rows of two concepts are the same to the model. On the default model rows of the first
 * word come to 0.03 and all others to 0.3 or more.
 */
const SHARED_SINE = 0.1;

/** The rows of all concepts, in order. */
export function targetRows(targets: readonly MergeTarget[], space: FeatureSpace): TargetRow[] {
  const { width } = space;
  return targets.flatMap(({ features, labels }, concept) =>
    labels.map((label, i) => {
      const row = Float64Array.from(features.subarray(i * width, (i + 1) * width));
      const coordinates = toCoordinates(space, row);
      const norm = Math.sqrt(dot(coordinates, coordinates));
      return { concept, label, features: row, coordinates, norm };
    }),
  );
}

export function sortRows(rows: readonly TargetRow[]): SortedRows {
  const duplicates: LeftOut[] = [];
  const once = rows.filter((row, i) => {
    const first = rows.slice(0, i).find((r) => r.concept === row.concept && isSame(r, row));
    if (first !== undefined) duplicates.push({ label: row.label, because: first.label });
    return first === undefined;
  });
  const shared: LeftOut[] = [];
  // Both are left out, so that it does not matter which concept comes first.
  const kept = once.filter((row) => {
    const twin = once.find((r) => r.concept !== row.concept && sine(r, row) < SHARED_SINE);
    if (twin !== undefined) shared.push({ label: row.label, because: twin.label });
    return twin === undefined;
  });
  return { kept, duplicates, shared };
}

function isSame(a: TargetRow, b: TargetRow): boolean {
  const between = a.features.map((x, e) => x - b.features[e]!);
  return Math.sqrt(dot(between, between)) <= SAME * Math.sqrt(dot(a.features, a.features));
}

/** Of the angle between two rows as the regularisation captions measure it. */
function sine(a: TargetRow, b: TargetRow): number {
  const along = dot(a.coordinates, b.coordinates) / (a.norm * a.norm);
  const rest = b.coordinates.map((y, i) => y - along * a.coordinates[i]!);
  return Math.sqrt(dot(rest, rest)) / b.norm;
}
