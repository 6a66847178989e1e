/**
 * @file Splits of what a Split gave as one, and neighbouring pieces that are only put together again never cut: keys and
 * values of one layer lie side by side in the packed input. Not for WebGPU, whose Splits have few outputs
 * (surgery/split-packed.ts).
 */
import { int, intAttribute } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { consumersOf, type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { normalAxis } from "../tensor/shape.ts";
import { prune } from "./prune.ts";

export function mergeSplits(graph: Graph): Graph {
  // Before that the sizes were an attribute.
  if (graph.opset < 13) return graph;
  const readers = consumersOf(graph);
  const producers = producersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const onlyReader = (value: string, opType: string, axis: number): Node | undefined => {
    const [reader, ...others] = readers.get(value) ?? [];
    const fits = reader?.opType === opType && axisOf(graph, reader) === axis;
    return fits && others.length === 0 && !outputs.has(value) ? reader : undefined;
  };
  /** A piece, or the pieces that it is cut into and nothing else. */
  const cut = (piece: string, axis: number): readonly string[] =>
    onlyReader(piece, "Split", axis)?.outputs.flatMap((one) => cut(one, axis)) ?? [piece];
  /** The pieces, with those that one Concat takes in this order as what it makes of them. */
  const joined = (pieces: readonly string[], axis: number): string[] => {
    const found: string[] = [];
    for (let at = 0; at < pieces.length;) {
      const concat = onlyReader(pieces[at]!, "Concat", axis);
      const parts = concat?.inputs ?? [];
      const whole = parts.every(
        (part, i) => part === pieces[at + i] && onlyReader(part, "Concat", axis) === concat,
      );
      found.push(whole ? (concat?.outputs[0] ?? pieces[at]!) : pieces[at]!);
      at += whole ? Math.max(parts.length, 1) : 1;
    }
    return found;
  };
  const changed = new Map<Node, Node>();
  const removed = new Set<Node>();
  const constants = new Map(graph.constants);
  for (const node of graph.nodes) {
    if (node.opType !== "Split" || removed.has(node) || node.outputs.includes("")) continue;
    const axis = axisOf(graph, node);
    const pieces = joined(
      node.outputs.flatMap((piece) => cut(piece, axis)),
      axis,
    );
    const before = new Set(node.outputs);
    if (pieces.includes("") || pieces.every((piece) => before.has(piece))) continue;
    const widths = pieces.map((piece) => typeOf(graph, piece)?.dims[axis] ?? 0);
    const sizes = `${node.outputs[0]!}/merged_sizes`;
    constants.set(sizes, constantOf("int64", [widths.length], widths));
    const attributes = new Map([["axis", int(axis)]]);
    changed.set(node, { ...node, inputs: [node.inputs[0]!, sizes], outputs: pieces, attributes });
    for (const piece of pieces) {
      // What made it, and whatever Splits are between that and this one.
      for (let it = producers.get(piece); it !== undefined && it !== node;) {
        removed.add(it);
        it = producers.get(it.inputs[0] ?? "");
      }
    }
  }
  if (changed.size === 0) return graph;
  const nodes = graph.nodes.filter((node) => !removed.has(node));
  return prune({ ...graph, constants, nodes: nodes.map((node) => changed.get(node) ?? node) });
}

function axisOf(graph: Graph, node: Node): number {
  const rank = typeOf(graph, node.outputs[0] ?? "")?.dims.length ?? 0;
  return normalAxis(intAttribute(node, "axis", 0), rank);
}
