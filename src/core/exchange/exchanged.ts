/** @file What a file of another tool holds, before a base model is known: the common ground of all formats. */

export type ExchangeFormat =
  "diffusers" | "delta" | "compvis" | "webui" | "lora" | "textual-inversion";

/** [out, in], or [out] of a bias, as PyTorch keeps it. */
export type WeightDims = readonly [number, number] | readonly [number];

/** One parameter of cross-attention: W itself, or what is to be added to the base model's W0. */
export type ExchangedWeight =
  | { readonly kind: "full"; readonly dims: WeightDims; readonly values: Float32Array }
  | { readonly kind: "difference"; readonly dims: WeightDims; readonly values: Float32Array }
  | FactoredWeight;

/** W - W0 = up · down. */
export interface FactoredWeight {
  readonly kind: "factors";
  readonly dims: readonly [number, number];
  /** [out, rank] */
  readonly up: Float32Array;
  /** [rank, in] */
  readonly down: Float32Array;
  /** 0 where nothing of the difference was kept. */
  readonly rank: number;
}

export interface ExchangedContent {
  /** By diffusers' name: "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight". */
  readonly weights: ReadonlyMap<string, ExchangedWeight>;
  /** Rows of the token embedding [E], by token. */
  readonly tokens: ReadonlyMap<string, Float32Array>;
}

export interface Exchanged extends ExchangedContent {
  readonly format: ExchangeFormat;
}
