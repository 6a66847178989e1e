/**
 * @file What regularisation captions say about text features, added up: G = Cregᵀ Creg. However many captions there are,
 * ‖Creg ΔW‖² = tr(ΔWᵀ G ΔW) needs no more of them.
 */
import { StudioError } from "../errors.ts";

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

/** Rows that are added in one go through G, which is larger than the processor's caches. */
const ROWS_AT_ONCE = 4;

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
  const block = new Float64Array(ROWS_AT_ONCE * width);
  for (let start = 0; start < rows.length; start += block.length) {
    block.fill(0);
    block.set(rows.subarray(start, start + block.length));
    addBlock(lower, block, width);
  }
  return { width, rows: gram.rows + count, lower };
}

function addBlock(lower: Float64Array, block: Float64Array, width: number): void {
  const [a, b, c, d] = [0, 1, 2, 3].map((i) => block.subarray(i * width, (i + 1) * width)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let i = 0; i < width; i++) {
    const row = lower.subarray(i * width, i * width + i + 1);
    const [ai, bi, ci, di] = [a[i]!, b[i]!, c[i]!, d[i]!];
    for (let j = 0; j <= i; j++) row[j]! += ai * a[j]! + bi * b[j]! + (ci * c[j]! + di * d[j]!);
  }
}
