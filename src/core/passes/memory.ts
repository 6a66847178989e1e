/** @file What a static graph needs in memory: its weights, and the most that its tensors take at any one time. */
import { constantBytes } from "../onnx/constant.ts";
import type { Graph } from "../onnx/graph.ts";
import { executionOrder } from "./execution-order.ts";
import { livePieces, type Piece } from "./live-ranges.ts";

export interface GraphMemory {
  /** Bytes of all constants. */
  readonly weights: number;
  /**
   * Largest sum of the bytes of tensors alive at one node, in onnxruntime's order; each lives from its maker to its
   * last reader, and a view of a tensor is that tensor.
   */
  readonly activations: number;
  /**
   * Bytes of all buffers where each is given again only to a tensor of its own size, as onnxruntime's WebGPU provider
   * does with storageBufferCacheMode "simple": at least `activations`.
   */
  readonly pooled: number;
  /** Bytes of the largest tensor or constant: what a single buffer has to hold. */
  readonly largest: number;
}

export function graphMemory(graph: Graph): GraphMemory {
  const order = executionOrder(graph);
  const pieces = livePieces(graph, order);
  const constants = [...graph.constants.values()].map(constantBytes);
  const { activations, pooled } = peaks(pieces, order.length);
  return {
    weights: constants.reduce((sum, bytes) => sum + bytes, 0),
    activations,
    pooled,
    largest: Math.max(0, ...constants, ...pieces.map(({ bytes }) => bytes)),
  };
}

/** onnxruntime's WebGPU buffers are whole multiples of this. */
const GRAIN = 16;

function peaks(
  pieces: readonly Piece[],
  nodes: number,
): Pick<GraphMemory, "activations" | "pooled"> {
  const ending = new Map<number, Piece[]>();
  for (const piece of pieces) {
    const at = ending.get(piece.to);
    if (at === undefined) ending.set(piece.to, [piece]);
    else at.push(piece);
  }
  const free = new Map<number, number>();
  let [alive, activations, pooled, next] = [0, 0, 0, 0];
  for (let at = -1; at < nodes; at++) {
    for (; pieces[next]?.from === at; next++) {
      const { bytes } = pieces[next]!;
      alive += bytes;
      const size = Math.ceil(bytes / GRAIN) * GRAIN;
      const spare = free.get(size) ?? 0;
      if (spare > 0) free.set(size, spare - 1);
      else pooled += size;
    }
    activations = Math.max(activations, alive);
    for (const { bytes } of ending.get(at) ?? []) {
      alive -= bytes;
      const size = Math.ceil(bytes / GRAIN) * GRAIN;
      free.set(size, (free.get(size) ?? 0) + 1);
    }
  }
  return { activations, pooled };
}
