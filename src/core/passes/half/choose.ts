/**
 * @file Where the nodes that may be either are float16 and where float32: so that the fewest bytes are read and written,
 * those of the casts between included, and few casts are launched. That is a minimum cut (Picard & Queyranne, Networks 12, 1982).
 */
import { type Graph, typeOf } from "../../onnx/graph.ts";
import type { Precision } from "../../precision.ts";
import { elementCount } from "../../tensor/shape.ts";
import { FlowNetwork } from "./minimum-cut.ts";
import { followedInputs, type Rules } from "./rules.ts";

/**
 * Nodes that lie further apart do not share a float32 tensor: the later one reads the float16 copy, so that what waits for
 * the backward pass takes two bytes a number.
 */
export const FAR = 40;

/** Tensors of so few numbers may wait in float32. */
const FEW = 4096;

/** Whether a value may wait in float32 for readers that are far away. */
export function waitsExactly(graph: Graph, { unrounded }: Rules, name: string): boolean {
  return unrounded.has(name) || elementCount(typeOf(graph, name)?.dims ?? []) <= FEW;
}

/** Nodes that give their input as it is: onnxruntime moves nothing. */
const FREE: ReadonlySet<string> = new Set([
  "Flatten",
  "Identity",
  "Reshape",
  "Squeeze",
  "Unsqueeze",
]);

/** Bytes that float32 has more of, and that a cast reads and writes, a number. */
const [MORE, CAST] = [2, 6];

/** Bytes that launching a cast is worth: of 1316 casts of the default model's training graph it leaves 921, for 0.02 % more bytes. */
const LAUNCH = 2 ** 14;

export function choosePrecisions(graph: Graph, rules: Rules): readonly Precision[] {
  const network = new FlowNetwork();
  const [single, half] = [network.vertex(), network.vertex()];
  const size = (name: string): number => elementCount(typeOf(graph, name)?.dims ?? []);
  const castCost = (name: string): number => CAST * size(name) + LAUNCH;
  const readersOf = new Map<string, number[]>();
  const vertices = graph.nodes.map((node, i) => {
    const vertex = network.vertex();
    const read = new Set(followedInputs(graph, node).map((input) => node.inputs[input]!));
    for (const name of read) {
      if (graph.constants.has(name)) continue;
      const list = readersOf.get(name);
      if (list === undefined) readersOf.set(name, [i]);
      else list.push(i);
    }
    if (rules.must[i] === "float32") network.edge(single, vertex, Infinity);
    else if (rules.must[i] === "float16") network.edge(vertex, half, Infinity);
    else if (!FREE.has(node.opType)) {
      const moved = [...read, ...node.outputs.filter((name) => name !== "")];
      const numbers = moved.reduce((sum, name) => sum + size(name), 0);
      network.edge(vertex, half, MORE * numbers);
    }
    return vertex;
  });

  const value = (name: string, maker: number, at: number): void => {
    const cost = castCost(name);
    const readers = readersOf.get(name) ?? [];
    const patient = waitsExactly(graph, rules, name);
    const near = readers.filter((i) => patient || i - at <= FAR);
    const far = readers.slice(near.length);
    // Made in float32, it is cast down once for all who read float16, and for all who are far away.
    if (far.length > 0) network.edge(maker, half, cost);
    else if (near.length > 0) {
      const down = network.vertex();
      network.edge(maker, down, cost);
      for (const i of near) network.edge(down, vertices[i]!, Infinity);
    }
    // Made in float16, or far away, it is cast up once for all who read float32 and lie together.
    if (near.length > 0) castUp(near, maker, cost);
    for (const group of together(far)) castUp(group, half, cost);
  };
  const castUp = (readers: readonly number[], to: number, cost: number): void => {
    const up = network.vertex();
    network.edge(up, to, cost);
    for (const i of readers) network.edge(vertices[i]!, up, Infinity);
  };
  for (const { name, dtype } of graph.inputs) if (dtype === "float32") value(name, single, -1);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  graph.nodes.forEach((node, i) => {
    for (const name of node.outputs) {
      if (typeOf(graph, name)?.dtype !== "float32") continue;
      value(name, vertices[i]!, i);
      if (outputs.has(name)) network.edge(single, vertices[i]!, castCost(name));
    }
  });
  const sides = network.cut(single, half);
  return vertices.map((vertex) => (sides[vertex] === true ? "float32" : "float16"));
}

/** Readers in groups that may share one cast: no further from the first of their group than is near. */
function together(readers: readonly number[]): number[][] {
  const groups: number[][] = [];
  for (const i of readers) {
    const group = groups.at(-1);
    if (group !== undefined && i - group[0]! <= FAR) group.push(i);
    else groups.push([i]);
  }
  return groups;
}
