/** @file Text features of a step's captions: fixed ones are encoded once, those with a modifier token at every step. */
import type { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import { openTextFeatures, type TextFeatures } from "../model/text.ts";
import {
  type EncodedText,
  openTextWithGradient,
  type TextWithGradient,
} from "../model/text-with-gradient.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { HostTensor } from "../tensor.ts";

/** How captions are encoded: with what their gradient takes, or without. */
type Text = { readonly trained: TextWithGradient } | { readonly frozen: TextFeatures };

export class Captions {
  private readonly model: Model;
  private readonly tokenizer: PromptTokenizer;
  private readonly text: Text;
  private readonly ids = new Map<string, Int32Array>();
  private readonly fixed = new Map<string, Float32Array>();
  /** Encoded with the rows of modifier tokens as they are now. */
  private readonly fresh = new Map<string, EncodedText>();

  private constructor(model: Model, tokenizer: PromptTokenizer, text: Text) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.text = text;
  }

  /** @param trained whether the rows of modifier tokens are trained */
  static async open(
    model: Model,
    runtime: Runtime,
    tokenizer: PromptTokenizer,
    trained: boolean,
  ): Promise<Captions> {
    const text = trained
      ? { trained: await openTextWithGradient(model, runtime) }
      : { frozen: await openTextFeatures(model, runtime) };
    return new Captions(model, tokenizer, text);
  }

  /** Text features c [B, L, E] of the captions, with the modifier tokens' rows [n, E] as they are now. */
  async features(captions: readonly string[], rows: Float32Array): Promise<HostTensor> {
    const width = this.model.config.textWidth;
    const size = CLIP_TOKENS * width;
    const data = new Float32Array(captions.length * size);
    for (const [i, caption] of captions.entries()) {
      data.set(await this.featuresOf(caption, rows), i * size);
    }
    return { dims: [captions.length, CLIP_TOKENS, width], data };
  }

  /** Gradient [n, E] of the rows, given that of the captions' features dc [B, L, E]. */
  async rowGradient(
    captions: readonly string[],
    rows: Float32Array,
    dFeatures: HostTensor,
  ): Promise<Float32Array> {
    const sum = new Float32Array(rows.length);
    if (!("trained" in this.text)) return sum;
    const width = this.model.config.textWidth;
    const size = CLIP_TOKENS * width;
    // Equal captions share their features, so their gradients add up before the encoder's backward pass.
    const byCaption = new Map<string, Float32Array>();
    for (const [i, caption] of captions.entries()) {
      if (!this.hasModifier(caption)) continue;
      const part = dFeatures.data.subarray(i * size, (i + 1) * size);
      const total = byCaption.get(caption);
      byCaption.set(
        caption,
        total === undefined ? Float32Array.from(part) : total.map((x, k) => x + (part[k] ?? 0)),
      );
    }
    for (const [caption, data] of byCaption) {
      const { kept } = await this.encoded(caption, rows);
      const dims = [1, CLIP_TOKENS, width];
      await this.text.trained.addRowGradient(sum, this.idsOf(caption), kept, { dims, data });
    }
    return sum;
  }

  /** Those of the captions, by number, whose features' gradient is of use to `rowGradient`. */
  withGradient(captions: readonly string[]): number[] {
    if (!("trained" in this.text)) return [];
    return captions.flatMap((caption, i) => (this.hasModifier(caption) ? [i] : []));
  }

  idsOf(caption: string): Int32Array {
    const ids = this.ids.get(caption) ?? this.tokenizer.encode(caption).ids;
    this.ids.set(caption, ids);
    return ids;
  }

  hasModifier(caption: string): boolean {
    return this.idsOf(caption).some((id) => id >= this.model.vocabularySize);
  }

  /** Forgets what was encoded with the rows of before. */
  rowsChanged(): void {
    this.fresh.clear();
  }

  release(): Promise<void> {
    return ("trained" in this.text ? this.text.trained : this.text.frozen).release();
  }

  private async featuresOf(caption: string, rows: Float32Array): Promise<Float32Array> {
    if (this.hasModifier(caption)) return (await this.encoded(caption, rows)).features;
    const known = this.fixed.get(caption);
    if (known !== undefined) return known;
    const { features } = await this.encode(caption, rows);
    this.fixed.set(caption, features);
    return features;
  }

  /** A caption with a modifier token. */
  private async encoded(caption: string, rows: Float32Array): Promise<EncodedText> {
    const known = this.fresh.get(caption);
    if (known !== undefined) return known;
    const encoded = await this.encode(caption, rows);
    this.fresh.set(caption, encoded);
    return encoded;
  }

  private async encode(caption: string, rows: Float32Array): Promise<EncodedText> {
    const ids = this.idsOf(caption);
    if ("trained" in this.text) return this.text.trained.encode(ids, rows);
    const { data } = await this.text.frozen.encode(ids, rows);
    return { features: Float32Array.from(data), kept: {} };
  }
}
