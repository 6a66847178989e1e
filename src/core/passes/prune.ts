/** @file Keeps only what the wanted outputs need: nodes, constants, inputs and types. */
import { StudioError } from "../errors.ts";
import { type Graph, type Node, typeOf } from "../onnx/graph.ts";

/**
 * The part of `graph` that computes `outputs` (by default its own outputs).
 * Inputs that nothing reads any more are dropped.
 */
export function prune(
  graph: Graph,
  outputs: readonly string[] = graph.outputs.map((output) => output.name),
): Graph {
  const needed = new Set(outputs);
  const nodes: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i]!;
    if (!node.outputs.some((output) => needed.has(output))) continue;
    nodes.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  nodes.reverse();
  const made = new Set(nodes.flatMap((node) => node.outputs));
  return {
    opset: graph.opset,
    inputs: graph.inputs.filter((input) => needed.has(input.name)),
    outputs: outputs.map((name) => {
      const declared = graph.outputs.find((output) => output.name === name);
      const type = typeOf(graph, name);
      if (type !== undefined) return { name, dtype: type.dtype, dims: type.dims };
      if (declared !== undefined) return declared;
      throw new StudioError("internal", `The graph has no value "${name}" to give as an output.`);
    }),
    nodes,
    constants: new Map([...graph.constants].filter(([name]) => needed.has(name))),
    types: new Map([...graph.types].filter(([name]) => needed.has(name) || made.has(name))),
  };
}
