/** @file What a small graph computes by the plain values of its operators. */
import { evaluateGraph } from "../../src/core/onnx/evaluate.ts";
import type { Graph } from "../../src/core/onnx/graph.ts";
import { materialise, noExternalData } from "../../src/core/onnx/materialise.ts";
import { normal } from "../../src/core/random/normal.ts";
import { fromBytes, ndArray, type NdArray } from "../../src/core/tensor/nd-array.ts";
import { type Dims, elementCount } from "../../src/core/tensor/shape.ts";

/** Its outputs, of normal numbers that depend on an input's place alone; constants are made as sessions get them. */
export async function outputsOf(graph: Graph): Promise<NdArray[]> {
  const constants = new Map<string, NdArray>();
  for (const [name, constant] of graph.constants) {
    const bytes = await materialise(constant, noExternalData);
    constants.set(name, fromBytes(constant.dtype, constant.dims, bytes));
  }
  const feeds = graph.inputs.map(({ name, dims }, i): [string, NdArray] => {
    const fixed = dims as Dims;
    return [name, ndArray("float32", fixed, normal(i + 5, elementCount(fixed)))];
  });
  const names = graph.outputs.map(({ name }) => name);
  const values = evaluateGraph(graph, new Map(feeds), names, (name) => constants.get(name)!);
  return names.map((name) => values.get(name)!);
}
