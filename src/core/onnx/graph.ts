/** @file The in-memory graph every pass reads and returns: plain data, never changed in place. */
import type { DType } from "../tensor/dtype.ts";
import type { Dims } from "../tensor/shape.ts";
import type { Constant } from "./constant.ts";
import type { Attributes } from "./attributes.ts";

/** A dimension as a model file declares it: a number, a name, or nothing. */
export type DeclaredDim = number | string | null;

/** A graph input or output as declared by the file. */
export interface Declared {
  readonly name: string;
  readonly dtype: DType;
  readonly dims: readonly DeclaredDim[];
}

/** Type of a value whose shape is known. */
export interface TensorType {
  readonly dtype: DType;
  readonly dims: Dims;
}

export interface Node {
  /** Operator of the default ONNX domain, or "domain::Operator" for any other. */
  readonly opType: string;
  readonly name: string;
  /** Value names; "" is an omitted optional input. */
  readonly inputs: readonly string[];
  /** Value names; "" is an output nobody asked for. */
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

export interface Graph {
  /** Version of the default operator set. */
  readonly opset: number;
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
  /** In topological order. */
  readonly nodes: readonly Node[];
  readonly constants: ReadonlyMap<string, Constant>;
  /** Types of values (inputs, node outputs) where they are known to be static; constants carry their own. */
  readonly types: ReadonlyMap<string, TensorType>;
}

/** A graph with nothing in it, to build on. */
export function emptyGraph(opset: number): Graph {
  return { opset, inputs: [], outputs: [], nodes: [], constants: new Map(), types: new Map() };
}

/** Which node makes each value. */
export function producersOf(graph: Graph): Map<string, Node> {
  const producers = new Map<string, Node>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) if (output !== "") producers.set(output, node);
  }
  return producers;
}

/** Which nodes read each value; a node that reads it twice is listed once. */
export function consumersOf(graph: Graph): Map<string, Node[]> {
  const consumers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      if (input === "") continue;
      const list = consumers.get(input);
      if (list === undefined) consumers.set(input, [node]);
      else list.push(node);
    }
  }
  return consumers;
}

/** Type of `name` where it is static: a constant's own, or what inference found; undefined otherwise. */
export function typeOf(graph: Graph, name: string): TensorType | undefined {
  return graph.constants.get(name) ?? graph.types.get(name);
}

/** How a person finds a node: its operator and its name, or its first output where it has no name. */
export function describeNode(node: Node): string {
  return `${node.opType} "${node.name === "" ? node.outputs[0] : node.name}"`;
}
