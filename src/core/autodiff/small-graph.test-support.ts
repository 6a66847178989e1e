/** @file Small float64 graphs for tests, built by hand. */
import { int } from "../onnx/attributes.ts";
import { constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { emptyGraph } from "../onnx/graph.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";

export function empty(opset = 18): Emitter {
  return new Emitter(emptyGraph(opset));
}

export const input = (emit: Emitter, name: string, ...dims: Dims): string =>
  emit.input(name, { dtype: "float64", dims });
export const weight = (emit: Emitter, ...dims: Dims): string => {
  const count = elementCount(dims);
  const values = Array.from({ length: count }, (_, i) => Math.sin(i + 1));
  return emit.constant(constantOf("float64", dims, values), "weight");
};
export const total = (emit: Emitter, x: string): string =>
  emit.op("ReduceSum", [x], { keepdims: int(0) });
