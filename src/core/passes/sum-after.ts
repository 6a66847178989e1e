/** @file A sum that an operator can do itself, as it writes: of its result, which nothing else reads, and another tensor. */
import { consumersOf, type Graph, type Node, typeOf } from "../onnx/graph.ts";
import { type Dims, sameDims } from "../tensor/shape.ts";

export interface SumAfter {
  /** The Add, which is as large as the result. */
  readonly sum: Node;
  readonly dims: Dims;
  readonly other: string;
  readonly otherDims: Dims;
}

/** The sum after a node with one output; undefined where there is none. */
export function sumsAfter(graph: Graph): (node: Node) => SumAfter | undefined {
  const readers = consumersOf(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const dimsOf = (name: string): Dims | undefined => typeOf(graph, name)?.dims;
  return ({ outputs: [value = ""] }) => {
    const [sum, ...more] = readers.get(value) ?? [];
    const other = sum?.inputs.find((input) => input !== value);
    if (sum?.opType !== "Add" || other === undefined) return undefined;
    if (more.length > 0 || outputs.has(value)) return undefined;
    const [dims, after, otherDims] = [value, sum.outputs[0] ?? "", other].map(dimsOf);
    if (dims === undefined || after === undefined || otherDims === undefined) return undefined;
    return sameDims(dims, after) ? { sum, dims, other, otherDims } : undefined;
  };
}
