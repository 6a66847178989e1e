/** @file Captions to text features and, for training, gradients of features back to the rows of modifier tokens. */
import { EMBEDS_INPUT, textEncoderGradient } from "../../core/surgery/text-encoder.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import type { HostTensor } from "../tensor.ts";
import type { Model } from "./read-model.ts";

export interface TextFeatures {
  /**
   * Text features c [1, L, E] of one caption.
   * @param rows embeddings [n, E] of the modifier tokens, whose ids follow the vocabulary's
   */
  encode(ids: Int32Array, rows: Float32Array): Promise<HostTensor>;
  release(): Promise<void>;
}

export async function openTextFeatures(model: Model, runtime: Runtime): Promise<TextFeatures> {
  const { graph } = model.textEncoder;
  const name = "the text encoder";
  const session = await Session.create(runtime, graph, model.reader("text_encoder"), { name });
  return {
    encode: (ids, rows) => session.runOne({ [EMBEDS_INPUT]: embed(model, ids, rows) }),
    release: () => session.release(),
  };
}

export interface TextGradient {
  /** Gradient [n, E] of the modifier tokens' rows, given that of the caption's features dc [1, L, E]. */
  rows(ids: Int32Array, rows: Float32Array, dFeatures: HostTensor): Promise<Float32Array>;
  release(): Promise<void>;
}

export async function openTextGradient(model: Model, runtime: Runtime): Promise<TextGradient> {
  const backward = textEncoderGradient(model.textEncoder);
  const name = "the text encoder's gradient";
  const reader = model.reader("text_encoder");
  const session = await Session.create(runtime, backward.graph, reader, { name });
  const { textWidth: width } = model.config;
  return {
    async rows(ids, rows, dFeatures) {
      const results = await session.run({
        [EMBEDS_INPUT]: embed(model, ids, rows),
        d_hidden: dFeatures,
      });
      const gradient = results[backward.gradient]?.data ?? new Float32Array();
      const sum = new Float32Array(rows.length);
      ids.forEach((id, position) => {
        const row = id - model.vocabularySize;
        if (row < 0) return;
        for (let e = 0; e < width; e++) {
          sum[row * width + e] =
            (sum[row * width + e] ?? 0) + (gradient[position * width + e] ?? 0);
        }
      });
      return sum;
    },
    release: () => session.release(),
  };
}

/** Token embeddings [1, L, E] of one caption: the table's rows, and the modifier tokens'. */
function embed(model: Model, ids: Int32Array, rows: Float32Array): HostTensor {
  const { embeddings, vocabularySize } = model;
  const width = model.config.textWidth;
  const data = new Float32Array(CLIP_TOKENS * width);
  ids.forEach((id, position) => {
    const [table, row] = id < vocabularySize ? [embeddings, id] : [rows, id - vocabularySize];
    data.set(table.subarray(row * width, (row + 1) * width), position * width);
  });
  return { dims: [1, CLIP_TOKENS, width], data };
}
