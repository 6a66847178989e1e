/**
 * @file All key and value projections as ONNX graphs, for the wasm backend.
 *
 *   KV [B, L, S] = c [B, L, E] · W [E, S]
 *   dW [E, S] = cᵀ dKV      dc [B, L, E] = dKV Wᵀ
 */
import { ints } from "../../core/onnx/attributes.ts";
import { Emitter } from "../../core/onnx/emit.ts";
import { emptyGraph, type Graph } from "../../core/onnx/graph.ts";

export interface KvShape {
  readonly batch: number;
  readonly tokens: number;
  readonly textWidth: number;
  readonly columns: number;
}

/** Inputs `features` and `weights`, output `kv`: the weights are an input, because concepts change them. */
export function kvForwardGraph(shape: KvShape): { readonly graph: Graph; readonly kv: string } {
  const { emit, features, weights } = inputs(shape);
  const kv = emit.op("MatMul", [features, weights]);
  return { graph: emit.finish([kv]), kv };
}

export interface KvBackwardGraph {
  /** Inputs `features`, `weights` and `d_kv`, whose rows of detached positions must be zero. */
  readonly graph: Graph;
  /** Null where the weights are not trained. */
  readonly dWeights: string | null;
  readonly dFeatures: string;
}

export function kvBackwardGraph(shape: KvShape, trained: boolean): KvBackwardGraph {
  const { batch, tokens, textWidth, columns } = shape;
  const { emit, features, weights } = inputs(shape, trained);
  const dKv = emit.input("d_kv", { dtype: "float32", dims: [batch, tokens, columns] });
  const swap = { perm: ints([1, 0]) };
  const dFeatures = emit.op("MatMul", [dKv, emit.op("Transpose", [weights], swap)]);
  if (!trained) return { graph: emit.finish([dFeatures]), dWeights: null, dFeatures };
  const rows = batch * tokens;
  const c = emit.op("Reshape", [features, emit.ints([rows, textWidth])]);
  const g = emit.op("Reshape", [dKv, emit.ints([rows, columns])]);
  const dWeights = emit.op("MatMul", [emit.op("Transpose", [c], swap), g]);
  return { graph: emit.finish([dWeights, dFeatures]), dWeights, dFeatures };
}

function inputs(
  { batch, tokens, textWidth, columns }: KvShape,
  withFeatures = true,
): { readonly emit: Emitter; readonly features: string; readonly weights: string } {
  const emit = new Emitter(emptyGraph(17));
  const type = { dtype: "float32" as const, dims: [batch, tokens, textWidth] };
  return {
    emit,
    features: withFeatures ? emit.input("features", type) : "",
    weights: emit.input("weights", { dtype: "float32", dims: [textWidth, columns] }),
  };
}
