/** @file Captions to text features. */
import { EMBEDS_INPUT } from "../../core/surgery/text-encoder.ts";
import { joined } from "../../core/tensor/parts.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import type { HostTensor } from "../tensor.ts";
import type { Model, TextPart } from "./read-model.ts";

export interface TextFeatures {
  /**
   * Text features c [1, L, E] of one caption.
   * @param rows embeddings [n, E] of the modifier tokens, whose ids follow the vocabulary's
   */
  encode(ids: Int32Array, rows: Float32Array): Promise<HostTensor>;
  /** Compiles it for the GPU. */
  warmUp(): Promise<void>;
  release(): Promise<void>;
}

export async function openTextFeatures(model: TextPart, runtime: Runtime): Promise<TextFeatures> {
  const { graph } = model.textEncoder;
  const session = await Session.create(runtime, graph, model.reader("text_encoder"), {
    name: "the text encoder",
    repeated: true,
  });
  return {
    encode: (ids, rows) => session.runOne({ [EMBEDS_INPUT]: embed(model, ids, rows) }),
    warmUp: () => session.warmUp(),
    release: () => session.release(),
  };
}

export interface TextBatch {
  /**
   * Text features c [B, L, E] of as many captions as the batch has, cut to their first L tokens: the encoder is causal,
   * so that a token's features do not depend on what follows.
   */
  encode(ids: readonly Int32Array[], rows: Float32Array): Promise<HostTensor>;
  release(): Promise<void>;
}

export async function openTextBatch(
  model: Model,
  runtime: Runtime,
  { batch, tokens }: { readonly batch: number; readonly tokens: number },
): Promise<TextBatch> {
  const { graph } = model.textEncoderOf(batch, tokens);
  const name = "the text encoder";
  const session = await Session.create(runtime, graph, model.reader("text_encoder"), { name });
  return {
    encode: (ids, rows) => {
      const captions = ids.map((own) => embed(model, own.subarray(0, tokens), rows));
      return session.runOne({
        [EMBEDS_INPUT]: {
          dims: [batch, tokens, model.config.textWidth],
          data: joined(captions.map(({ data }) => data)),
        },
      });
    },
    release: () => session.release(),
  };
}

/** Token embeddings [1, L, E] of one caption: the table's rows, and the modifier tokens'. */
export function embed(
  model: TextPart,
  ids: Int32Array,
  rows: Float32Array,
): HostTensor & { readonly data: Float32Array } {
  const { embeddings, vocabularySize } = model;
  const width = model.config.textWidth;
  const data = new Float32Array(ids.length * width);
  ids.forEach((id, position) => {
    const [table, row] = id < vocabularySize ? [embeddings, id] : [rows, id - vocabularySize];
    data.set(table.subarray(row * width, (row + 1) * width), position * width);
  });
  return { dims: [1, ids.length, width], data };
}

/** The reverse of `embed`, as far as modifier tokens go: adds to `sum` [n, E] what gradient [L, E] their rows have. */
export function addEmbedGradient(
  { config, vocabularySize }: Pick<TextPart, "config" | "vocabularySize">,
  sum: Float32Array,
  ids: Int32Array,
  gradient: Float32Array | Int32Array,
): void {
  const width = config.textWidth;
  ids.forEach((id, position) => {
    const row = id - vocabularySize;
    if (row < 0) return;
    for (let e = 0; e < width; e++) {
      sum[row * width + e] = (sum[row * width + e] ?? 0) + (gradient[position * width + e] ?? 0);
    }
  });
}
