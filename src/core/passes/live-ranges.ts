/** @file How long each tensor of a graph is needed, when nodes run in a given order, and which share memory. */
import { type Graph, type Node, typeOf } from "../onnx/graph.ts";
import { byteSize } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";

/** Operators whose output is the input's memory under another shape. */
const VIEWS: ReadonlySet<string> = new Set([
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Identity",
]);

/** A piece of memory: a tensor with all its views. */
export interface Piece {
  readonly value: string;
  readonly bytes: number;
  /** Position in the order of the node that makes it; -1 for what the graph is given. */
  readonly from: number;
  /** Position of the last node that reads it; the order's length where it is an output. */
  to: number;
}

export function tensorBytes(graph: Graph, name: string): number {
  const type = typeOf(graph, name);
  return type === undefined ? 0 : elementCount(type.dims) * byteSize(type.dtype);
}

/** Every tensor that takes memory of its own, constants aside, in the order in which they are made. */
export function livePieces(graph: Graph, order: readonly Node[] = graph.nodes): Piece[] {
  const pieces: Piece[] = [];
  const of = new Map<string, Piece>();
  const begin = (value: string, from: number): void => {
    const piece = { value, bytes: tensorBytes(graph, value), from, to: from };
    pieces.push(piece);
    of.set(value, piece);
  };
  for (const { name } of graph.inputs) begin(name, -1);
  order.forEach((node, at) => {
    for (const input of node.inputs) {
      const piece = of.get(input);
      if (piece !== undefined) piece.to = at;
    }
    const viewed = VIEWS.has(node.opType) ? of.get(node.inputs[0] ?? "") : undefined;
    for (const output of node.outputs) {
      if (output === "") continue;
      if (viewed === undefined) begin(output, at);
      else of.set(output, viewed);
    }
  });
  for (const { name } of graph.outputs) {
    const piece = of.get(name);
    if (piece !== undefined) piece.to = order.length;
  }
  return pieces;
}
