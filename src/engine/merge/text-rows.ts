/** @file Rows of text features of many captions, several captions a pass and no longer than the longest of them. */
import { type CancelSignal, throwIfAborted } from "../../core/cancel.ts";
import type { TokenRange } from "../../core/merge/target-prompts.ts";
import type { Model } from "../model/read-model.ts";
import { openTextBatch } from "../model/text.ts";
import type { Runtime } from "../ort/runtime.ts";

export interface CaptionPart {
  readonly ids: Int32Array;
  /** The tokens whose features are wanted. */
  readonly range: TokenRange;
}

export interface TextRowsOptions {
  /** Embeddings [n, E] of modifier tokens. */
  readonly rows?: Float32Array;
  readonly onPass?: (done: number, total: number) => void | Promise<void>;
  readonly signal?: CancelSignal | undefined;
}

/** Captions a pass, at most. */
const BATCH = 32;

/** Calls `take` with the rows [n, E] of each caption, in order. */
export async function eachTextRows(
  model: Model,
  runtime: Runtime,
  captions: readonly CaptionPart[],
  take: (rows: Float32Array, caption: number) => void,
  { rows = new Float32Array(), onPass, signal }: TextRowsOptions = {},
): Promise<void> {
  if (captions.length === 0) return;
  const { textWidth: width } = model.config;
  const tokens = Math.max(...captions.map(({ range }) => range.end));
  // Shared out evenly: a pass takes as long whether its captions are wanted or not.
  const batch = Math.ceil(captions.length / Math.ceil(captions.length / BATCH));
  const session = await openTextBatch(model, runtime, { batch, tokens });
  try {
    const passes = Math.ceil(captions.length / batch);
    for (let pass = 0; pass < passes; pass++) {
      throwIfAborted(signal);
      // The last pass goes back a little, so that it is full as well.
      const from = Math.min(pass * batch, captions.length - batch);
      const part = captions.slice(from, from + batch);
      const { data } = await session.encode(
        part.map(({ ids }) => ids),
        rows,
      );
      for (const [i, { range }] of part.entries()) {
        if (from + i < pass * batch) continue;
        const start = (i * tokens + range.start) * width;
        const end = (i * tokens + range.end) * width;
        take(Float32Array.from(data.subarray(start, end)), from + i);
      }
      await onPass?.(pass + 1, passes);
    }
  } finally {
    await session.release();
  }
}
