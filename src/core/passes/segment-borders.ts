/** @file Where a forward pass is best parted: into shares that save about as much each, where little has to be handed on. */
import type { Graph, Node } from "../onnx/graph.ts";
import { tensorBytes } from "./live-ranges.ts";

/** How far, as a part of a segment, a border may lie from where the shares would be equal. */
const SLACK = 0.3;

/**
 * @param passes nodes of the forward pass in order
 * @param backward nodes of the backward pass, which read what is saved
 * @returns the first node of every segment but the first, by its position among `passes`
 */
export function chooseBorders(
  graph: Graph,
  passes: readonly Node[],
  backward: Iterable<Node>,
  segments: number,
): number[] {
  const savedUpTo = runningSum(savedBytes(graph, passes, backward));
  const crossing = crossingBytes(graph, passes);
  const total = savedUpTo.at(-1) ?? 0;
  const share = total / segments;
  const borders: number[] = [];
  for (let k = 1; k < segments; k++) {
    const [least, most] = [(k - SLACK) * share, (k + SLACK) * share];
    const first = Math.max(1, (borders.at(-1) ?? 0) + 1);
    let best: number | undefined;
    for (let at = first; at < passes.length; at++) {
      const saved = savedUpTo[at - 1]!;
      if (saved < least) continue;
      if (saved > most) break;
      if (best === undefined || crossing[at]! < crossing[best]!) best = at;
    }
    if (best !== undefined) borders.push(best);
  }
  return borders;
}

/** Bytes of each node's outputs that the backward pass reads. */
function savedBytes(graph: Graph, passes: readonly Node[], backward: Iterable<Node>): number[] {
  const read = new Set<string>();
  for (const node of backward) for (const input of node.inputs) read.add(input);
  return passes.map(({ outputs }) =>
    outputs.reduce((sum, name) => sum + (read.has(name) ? tensorBytes(graph, name) : 0), 0),
  );
}

/** By position: bytes made by nodes before it that it or nodes after it read. */
function crossingBytes(graph: Graph, passes: readonly Node[]): number[] {
  const lastReader = new Map<string, number>();
  passes.forEach(({ inputs }, at) => inputs.forEach((name) => lastReader.set(name, at)));
  const change = new Float64Array(passes.length + 1);
  passes.forEach(({ outputs }, at) => {
    for (const name of outputs) {
      const last = lastReader.get(name);
      if (last === undefined) continue;
      const bytes = tensorBytes(graph, name);
      change[at + 1]! += bytes;
      change[last + 1]! -= bytes;
    }
  });
  return runningSum([...change]);
}

function runningSum(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}
