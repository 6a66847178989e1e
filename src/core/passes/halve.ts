/**
 * @file A graph cut in two at an input that comes later than the others: what does not depend on it is computed before,
 * and of that what the rest reads is kept for it.
 */
import type { Graph, Node } from "../onnx/graph.ts";
import { prune } from "./prune.ts";

export interface Halves {
  /** Without the late input; gives those of the graph's outputs that do not depend on it, and what is kept. */
  readonly before: Graph;
  /** Takes the late input, what is kept, and inputs that both halves read; gives the other outputs. */
  readonly after: Graph;
  readonly kept: readonly string[];
}

/** @param graph with the types of its values known */
export function halve(graph: Graph, late: string): Halves {
  const dependsOn = (names: readonly string[]): ReadonlySet<string> => {
    const reached = new Set(names);
    for (const { inputs, outputs } of graph.nodes) {
      if (inputs.some((name) => reached.has(name))) outputs.forEach((name) => reached.add(name));
    }
    return reached;
  };
  const lateValues = dependsOn([late]);
  const early = graph.inputs.map(({ name }) => name).filter((name) => name !== late);
  const earlyValues = dependsOn(early);
  const isLate = ({ outputs }: Node): boolean => outputs.some((name) => lateValues.has(name));
  const read = new Set(graph.nodes.filter(isLate).flatMap(({ inputs }) => inputs));
  // What depends on constants alone each half computes for itself.
  const kept = graph.nodes
    .flatMap(({ outputs }) => outputs)
    .filter((name) => read.has(name) && earlyValues.has(name) && !lateValues.has(name));
  const outputs = graph.outputs.map(({ name }) => name);
  const declared = kept.map((name) => ({ name, ...graph.types.get(name)! }));
  return {
    before: prune(graph, [
      ...new Set([...outputs.filter((name) => !lateValues.has(name)), ...kept]),
    ]),
    after: prune(
      {
        ...graph,
        inputs: [...graph.inputs, ...declared],
        nodes: graph.nodes.filter((node) => !node.outputs.some((name) => kept.includes(name))),
      },
      outputs.filter((name) => lateValues.has(name)),
    ),
    kept,
  };
}
