/** @file The gated GELU of feed-forward blocks, [h | g] cut in two and h ∘ gelu(g), as one operator. */
import { gelusOf } from "../autodiff/composites.ts";
import { Emitter } from "../onnx/emit.ts";
import { type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { prune } from "./prune.ts";

export function fuseGatedGelu(graph: Graph): Graph {
  const producers = producersOf(graph);
  const gelus = gelusOf(graph);
  /** [h | g], where the node multiplies h with gelu(g). */
  const gated = (node: Node): string | undefined => {
    if (node.opType !== "Mul") return undefined;
    for (const [i, value] of node.inputs.entries()) {
      const g = gelus.get(value);
      const split = producers.get(g ?? "");
      const [h, second, ...more] = split?.outputs ?? [];
      if (split?.opType !== "Split" || second !== g || more.length > 0) continue;
      if (node.inputs[1 - i] !== h) continue;
      const [whole, half] = [split.inputs[0] ?? "", h ?? ""].map(
        (name) => typeOf(graph, name)?.dims,
      );
      const width = half?.at(-1) ?? 0;
      // Halves of the last axis, of whole vectors.
      if (whole?.at(-1) === 2 * width && width % 4 === 0) return split.inputs[0];
    }
    return undefined;
  };
  const inputs = graph.nodes.map(gated);
  if (inputs.every((input) => input === undefined)) return graph;
  const emit = Emitter.rewriting(graph);
  graph.nodes.forEach((node, i) => {
    const input = inputs[i];
    if (input === undefined) emit.copy(node);
    else emit.copy({ ...node, opType: "GatedGelu", inputs: [input], attributes: new Map() });
  });
  return prune(emit.finish(graph.outputs.map(({ name }) => name)));
}
