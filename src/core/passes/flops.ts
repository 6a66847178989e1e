/**
 * @file Operations that a static graph spends on products: a multiplication with its addition counts as two.
 *
 *   Conv    2 · |Y| · (C / groups) · kh · kw      Y [B, O, H, W], weights [O, C / groups, kh, kw]
 *   MatMul  2 · |Y| · K                           A [..., M, K]
 *   Gemm    2 · M · N · K                         A [M, K], or [K, M] where it is transposed
 */
import { intAttribute } from "../onnx/attributes.ts";
import { type Graph, type Node, typeOf } from "../onnx/graph.ts";
import { elementCount } from "../tensor/shape.ts";

export interface GraphFlops {
  readonly convolution: number;
  readonly matmul: number;
}

export function graphFlops(graph: Graph): GraphFlops {
  let [convolution, matmul] = [0, 0];
  for (const node of graph.nodes) {
    if (node.opType === "Conv") convolution += nodeFlops(graph, node);
    else matmul += nodeFlops(graph, node);
  }
  return { convolution, matmul };
}

/** Zero for nodes that are no products. */
export function nodeFlops(graph: Graph, node: Node): number {
  const dimsOf = (name: string | undefined): readonly number[] => {
    const type = typeOf(graph, name ?? "");
    if (type === undefined) throw new Error(`no type is known for the value "${name ?? ""}"`);
    return type.dims;
  };
  switch (node.opType) {
    case "Conv": {
      const [, ...perOutput] = dimsOf(node.inputs[1]);
      return 2 * elementCount(dimsOf(node.outputs[0])) * elementCount(perOutput);
    }
    case "MatMul":
      return 2 * elementCount(dimsOf(node.outputs[0])) * dimsOf(node.inputs[0]).at(-1)!;
    case "Gemm": {
      const a = dimsOf(node.inputs[0]);
      const inner = intAttribute(node, "transA", 0) === 0 ? a[1]! : a[0]!;
      return 2 * elementCount(dimsOf(node.outputs[0])) * inner;
    }
    default:
      return 0;
  }
}
