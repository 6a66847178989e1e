/**
 * @file Nodes in topological order, as every pass reads them. Files should hold them so; converters to half precision
 * put their Casts at the end, which onnxruntime puts right as it loads a file, and so do we.
 */
import type { Node } from "./graph.ts";

/**
 * Each node after those that make what it reads, otherwise in the order of the file. Nodes of a circle stay where they
 * are met: the checker (check.ts) says what is wrong with them.
 */
export function inOrder(nodes: readonly Node[]): readonly Node[] {
  const makers = new Map<string, Node>();
  for (const node of nodes) for (const output of node.outputs) makers.set(output, node);
  makers.delete("");
  const met = new Set<Node>();
  const ordered: Node[] = [];
  // A stack of our own, since a graph may be thousands of nodes deep: each node, and which input is next.
  const open: { readonly node: Node; next: number }[] = [];
  const enter = (node: Node | undefined): void => {
    if (node === undefined || met.has(node)) return;
    met.add(node);
    open.push({ node, next: 0 });
  };
  for (const first of nodes) {
    enter(first);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const input = top.node.inputs[top.next++];
      if (input !== undefined) enter(makers.get(input));
      else {
        ordered.push(top.node);
        open.pop();
      }
    }
  }
  return ordered;
}
