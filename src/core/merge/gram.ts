/**
 * @file What regularisation captions say about text features, added up: G = Cregᵀ Creg. However many captions there are,
 * ‖Creg ΔW‖² = tr(ΔWᵀ G ΔW) needs no more of them.
 */
import { StudioError } from "../errors.ts";
import { addRowGram } from "../linalg/row-gram.ts";

export interface RegularisationGram {
  /** Text width E. */
  readonly width: number;
  /** Feature rows added so far. */
  readonly rows: number;
  /** G [E, E] in its lower triangle; the upper one stays 0. */
  readonly lower: Float64Array;
}

export function emptyGram(width: number): RegularisationGram {
  return { width, rows: 0, lower: new Float64Array(width * width) };
}

/**
 * G + CᵀC, in place: the Gram that was given must not be used any more.
 * @param rows C [r, E], text features; padding and the start token are the caller's to leave out
 * @throws StudioError "invalid-input" where the rows have another width, or a feature is not finite
 */
export function accumulateGram(gram: RegularisationGram, rows: Float32Array): RegularisationGram {
  const { width, lower } = gram;
  const count = rows.length / width;
  if (!Number.isInteger(count)) {
    throw new StudioError(
      "invalid-input",
      `${rows.length} text features are no whole number of rows of ${width}; the captions must come from the concepts' base model.`,
    );
  }
  if (!rows.every(Number.isFinite)) {
    throw new StudioError(
      "invalid-input",
      "The text encoder gave a feature that is not a finite number for a regularisation caption; leave that caption out, or reload the model.",
    );
  }
  addRowGram(lower, rows, width);
  return { width, rows: gram.rows + count, lower };
}
