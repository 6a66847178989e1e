/** @file Something for each input of a static graph: normal numbers, and ones where whole numbers are wanted. */
import type { Graph } from "../src/core/onnx/graph.ts";
import { normal } from "../src/core/random/normal.ts";
import { elementCount } from "../src/core/tensor/shape.ts";
import type { HostTensor } from "../src/engine/tensor.ts";

export function someFeeds({ inputs }: Pick<Graph, "inputs">): Record<string, HostTensor> {
  return Object.fromEntries(
    inputs.map(({ name, dtype, dims: declared }, i): [string, HostTensor] => {
      const dims = declared.map(Number);
      const count = elementCount(dims);
      const data = dtype === "float32" ? normal(i + 1, count) : new Int32Array(count).fill(1);
      return [name, { dims, data }];
    }),
  );
}
