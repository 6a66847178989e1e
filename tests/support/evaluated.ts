/** @file What a graph as it was built or exported gives, computed in plain float64. */
import { evaluateGraph } from "../../src/core/onnx/evaluate.ts";
import type { Graph } from "../../src/core/onnx/graph.ts";
import { type ExternalReader, materialise } from "../../src/core/onnx/materialise.ts";
import { fromBytes, type NdArray } from "../../src/core/tensor/nd-array.ts";

/** Its first output. */
export async function evaluated(
  graph: Graph,
  feeds: Readonly<Record<string, NdArray>>,
  read: ExternalReader,
): Promise<NdArray> {
  const constants = new Map<string, NdArray>();
  for (const [name, constant] of graph.constants) {
    const bytes = await materialise(constant, read);
    constants.set(name, fromBytes(constant.dtype, constant.dims, bytes));
  }
  const name = graph.outputs[0]?.name ?? "";
  const values = evaluateGraph(graph, new Map(Object.entries(feeds)), [name], (one) => {
    const constant = constants.get(one);
    if (constant === undefined) throw new Error(`the graph has no constant "${one}"`);
    return constant;
  });
  const output = values.get(name);
  if (output === undefined) throw new Error(`the graph has no output "${name}"`);
  return output;
}
