/**
 * @file All key and value projections as ONNX graphs, for the wasm backend.
 *
 *   KV [B, L, S] = c [B, L, E] · W [E, S]
 *   dW [E, S] = cᵀ dKV      dc [B, L, E] = dKV Wᵀ
 */
import { int, ints } from "../onnx/attributes.ts";
import { Emitter } from "../onnx/emit.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";

export interface KvShape {
  readonly batch: number;
  readonly tokens: number;
  readonly textWidth: number;
  readonly columns: number;
  /** Of the operators; 17 where left out. */
  readonly opset?: number;
}

/** Inputs `features` and `weights`, output `kv`: the weights are an input, because concepts change them. */
export function kvForwardGraph(shape: KvShape): { readonly graph: Graph; readonly kv: string } {
  const emit = new Emitter(emptyGraph(shape.opset ?? 17));
  const kv = emit.op("MatMul", [featuresInput(emit, shape), weightsInput(emit, shape)]);
  return { graph: emit.finish([kv]), kv };
}

export interface KvBackwardGraph {
  /**
   * Inputs `d_kv`, `features` for dW, and for dc `weights` and `wanted`, the samples in question by number. The first
   * position of each sample is detached: its features must be zeros.
   */
  readonly graph: Graph;
  /** Null where the weights are not trained. */
  readonly dWeights: string | null;
  /** dc [n, L, E] of the wanted samples; null where there are none. */
  readonly dFeatures: string | null;
}

/** @param wanted samples whose dc is computed */
export function kvBackwardGraph(
  shape: KvShape,
  { trained, wanted }: { readonly trained: boolean; readonly wanted: number },
): KvBackwardGraph {
  const { batch, tokens, textWidth, columns } = shape;
  const emit = new Emitter(emptyGraph(shape.opset ?? 17));
  const dKv = emit.input("d_kv", { dtype: "float32", dims: [batch, tokens, columns] });
  const swap = { perm: ints([1, 0]) };
  const dWeights = (): string => {
    const rows = batch * tokens;
    const c = emit.op("Reshape", [featuresInput(emit, shape), emit.ints([rows, textWidth])]);
    const g = emit.op("Reshape", [dKv, emit.ints([rows, columns])]);
    return emit.op("MatMul", [emit.op("Transpose", [c], swap), g]);
  };
  const dFeatures = (): string => {
    const samples = emit.input("wanted", { dtype: "int32", dims: [wanted] });
    const some = emit.op("Gather", [dKv, samples], { axis: int(0) });
    return emit.op("MatMul", [some, emit.op("Transpose", [weightsInput(emit, shape)], swap)]);
  };
  const outputs = {
    dWeights: trained ? dWeights() : null,
    dFeatures: wanted > 0 ? dFeatures() : null,
  };
  const names = [outputs.dWeights, outputs.dFeatures].filter((name) => name !== null);
  return { graph: emit.finish(names), ...outputs };
}

const featuresInput = (emit: Emitter, { batch, tokens, textWidth }: KvShape): string =>
  emit.input("features", { dtype: "float32", dims: [batch, tokens, textWidth] });

const weightsInput = (emit: Emitter, { textWidth, columns }: KvShape): string =>
  emit.input("weights", { dtype: "float32", dims: [textWidth, columns] });
