/**
 * @file The order in which onnxruntime runs a graph's nodes, which is not that of the file: depth first from the nodes that
 * nothing reads, the later input first (onnxruntime core/graph/graph_viewer.cc and Graph::ReverseDFSFrom). What has to be
 * in memory at the same time follows from it.
 */
import { type Graph, type Node, producersOf } from "../onnx/graph.ts";

export function executionOrder(graph: Graph): Node[] {
  const producers = producersOf(graph);
  const position = new Map(graph.nodes.map((node, i) => [node, i]));
  const makersOf = (node: Node): Node[] => {
    const makers = new Set<Node>();
    for (const input of node.inputs) {
      const maker = producers.get(input);
      if (maker !== undefined) makers.add(maker);
    }
    return [...makers].sort((a, b) => position.get(a)! - position.get(b)!);
  };
  const read = new Set(graph.nodes.flatMap((node) => makersOf(node)));
  const stack = graph.nodes
    .filter((node) => !read.has(node))
    .map((node) => ({ node, left: false }));
  const visited = new Set<Node>();
  const order: Node[] = [];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { node, left } = next;
    if (left) order.push(node);
    if (left || visited.has(node)) continue;
    visited.add(node);
    stack.push({ node, left: true });
    for (const maker of makersOf(node))
      if (!visited.has(maker)) stack.push({ node: maker, left: false });
  }
  return order;
}
