/** @file Following one value through operators that only move, cast or scale it: how structure is recognised without names. */
import type { Graph, Node } from "../onnx/graph.ts";
import { consumersOf, producersOf } from "../onnx/graph.ts";

/** Operators whose first input goes through unchanged but for its layout or element type. */
const MOVES: ReadonlySet<string> = new Set([
  "Identity",
  "Cast",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Transpose",
  "Expand",
]);

/** Operators that also scale or shift by something constant, as attention scores are. */
const SCALES: ReadonlySet<string> = new Set(["Mul", "Div", "Add", "Sub"]);

/** A graph with its producer and consumer tables, made once. */
export class Wiring {
  readonly graph: Graph;
  readonly producers: ReadonlyMap<string, Node>;
  private readonly consumers: ReadonlyMap<string, Node[]>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.producers = producersOf(graph);
    this.consumers = consumersOf(graph);
  }

  readers(value: string): readonly Node[] {
    return this.consumers.get(value) ?? [];
  }

  isConstant(value: string | undefined): boolean {
    return value !== undefined && this.graph.constants.has(value);
  }

  /** Whether `node` hands the value on: moves it, or (with `scaling`) combines it with a constant. */
  passes(node: Node, value: string, scaling: boolean): boolean {
    if (MOVES.has(node.opType)) return node.inputs[0] === value;
    if (!scaling || !SCALES.has(node.opType)) return false;
    return node.inputs.every((input) => input === value || this.isConstant(input));
  }

  /** The first nodes downstream of `value` that do more than pass it on, with the value they read. */
  endsOf(value: string, scaling: boolean): { readonly node: Node; readonly reads: string }[] {
    const ends: { node: Node; reads: string }[] = [];
    const open = [value];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const node of this.readers(next)) {
        if (this.passes(node, next, scaling)) open.push(node.outputs[0]!);
        else ends.push({ node, reads: next });
      }
    }
    return ends;
  }

  /** The node upstream of `value` that does more than pass it on; undefined where it is an input or a constant. */
  originOf(value: string, scaling: boolean): Node | undefined {
    let current = value;
    for (;;) {
      const node = this.producers.get(current);
      if (node === undefined) return undefined;
      const through = node.inputs.find((input) => this.passes(node, input, scaling));
      if (through === undefined) return node;
      current = through;
    }
  }
}
