/** @file All key and value projections of a prompt as one product: KV [B, L, S] = c [B, L, E] · W [E, S]. */
import { Emitter } from "../core/onnx/emit.ts";
import { emptyGraph, type Graph } from "../core/onnx/graph.ts";
import type { KvLayout } from "../core/surgery/kv-layout.ts";

export interface KvProjectionGraph {
  readonly graph: Graph;
  /** Input c [B, L, E]. */
  readonly features: string;
  /** Input W [E, S]: an input, because concepts change it. */
  readonly weights: string;
  /** Output KV [B, L, S]. */
  readonly output: string;
}

export function kvProjectionGraph(
  layout: KvLayout,
  { batch, tokens }: { readonly batch: number; readonly tokens: number },
): KvProjectionGraph {
  const emit = new Emitter(emptyGraph(17));
  const { textWidth, columns } = layout;
  const features = emit.input("encoder_hidden_states", {
    dtype: "float32",
    dims: [batch, tokens, textWidth],
  });
  const weights = emit.input("kv_weights", { dtype: "float32", dims: [textWidth, columns] });
  const output = emit.op("MatMul", [features, weights]);
  return { graph: emit.finish([output]), features, weights, output };
}
