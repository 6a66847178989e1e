/** @file Text features of a step's captions: fixed ones are encoded once, those with a modifier token at every step. */
import type { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import {
  openTextFeatures,
  openTextGradient,
  type TextFeatures,
  type TextGradient,
} from "../model/text.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { HostTensor } from "../tensor.ts";

export class Captions {
  private readonly model: Model;
  private readonly tokenizer: PromptTokenizer;
  private readonly forward: TextFeatures;
  private readonly backward: TextGradient | null;
  private readonly ids = new Map<string, Int32Array>();
  private readonly fixed = new Map<string, Float32Array>();
  private readonly fresh = new Map<string, Float32Array>();

  private constructor(
    model: Model,
    tokenizer: PromptTokenizer,
    forward: TextFeatures,
    backward: TextGradient | null,
  ) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.forward = forward;
    this.backward = backward;
  }

  /** @param trained whether the rows of modifier tokens are trained */
  static async open(
    model: Model,
    runtime: Runtime,
    tokenizer: PromptTokenizer,
    trained: boolean,
  ): Promise<Captions> {
    const forward = await openTextFeatures(model, runtime);
    const backward = trained ? await openTextGradient(model, runtime) : null;
    return new Captions(model, tokenizer, forward, backward);
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
    if (this.backward === null) return sum;
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
      const gradient = await this.backward.rows(this.idsOf(caption), rows, {
        dims: [1, CLIP_TOKENS, width],
        data,
      });
      gradient.forEach((x, k) => (sum[k] = (sum[k] ?? 0) + x));
    }
    return sum;
  }

  /** Forgets what was encoded with the rows of before. */
  rowsChanged(): void {
    this.fresh.clear();
  }

  async release(): Promise<void> {
    await this.forward.release();
    await this.backward?.release();
  }

  private async featuresOf(caption: string, rows: Float32Array): Promise<Float32Array> {
    const cache = this.hasModifier(caption) ? this.fresh : this.fixed;
    const known = cache.get(caption);
    if (known !== undefined) return known;
    const { data } = await this.forward.encode(this.idsOf(caption), rows);
    const features = Float32Array.from(data);
    cache.set(caption, features);
    return features;
  }

  private idsOf(caption: string): Int32Array {
    const ids = this.ids.get(caption) ?? this.tokenizer.encode(caption).ids;
    this.ids.set(caption, ids);
    return ids;
  }

  private hasModifier(caption: string): boolean {
    return this.idsOf(caption).some((id) => id >= this.model.vocabularySize);
  }
}
