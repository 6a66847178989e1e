/** @file Graphs one behind the other as one graph. */
import { type Graph, type Node, typeOf } from "./graph.ts";

/** One of the graphs. */
export interface Part {
  readonly graph: Graph;
  /** Put before the names of its values, but for its inputs'; no two parts have the same. */
  readonly prefix: string;
  /** Values of the whole that are its inputs, by the inputs' names; other inputs are the whole's. */
  readonly given?: Readonly<Record<string, string>>;
}

/** A part's value as the whole has it. */
export function nameIn(part: Part, value: string): string {
  return namesIn(part)(value);
}

/**
 * The parts' nodes in turn. Inputs of the same name are one input; of each part no more is there than it has.
 * @param outputs names as the whole has them, with types that are known
 */
export function compose(parts: readonly Part[], outputs: readonly string[]): Graph {
  const inputs = new Map<string, Graph["inputs"][number]>();
  const constants = new Map<string, NonNullable<ReturnType<Graph["constants"]["get"]>>>();
  const types = new Map<string, NonNullable<ReturnType<Graph["types"]["get"]>>>();
  const nodes: Node[] = [];
  for (const part of parts) {
    const { graph, given = {} } = part;
    if (graph.opset !== parts[0]?.graph.opset) {
      throw new Error(`graphs of operator sets ${parts[0]?.graph.opset} and ${graph.opset}`);
    }
    const name = namesIn(part);
    for (const input of graph.inputs) {
      if (given[input.name] === undefined) inputs.set(input.name, input);
    }
    for (const [own, constant] of graph.constants) constants.set(name(own), constant);
    for (const [own, type] of graph.types) types.set(name(own), type);
    for (const node of graph.nodes) {
      const [from, to] = [node.inputs.map(name), node.outputs.map(name)];
      nodes.push({ ...node, name: part.prefix + node.name, inputs: from, outputs: to });
    }
  }
  const whole: Graph = {
    opset: parts[0]?.graph.opset ?? 0,
    inputs: [...inputs.values()],
    outputs: [],
    nodes,
    constants,
    types,
  };
  return { ...whole, outputs: outputs.map((name) => ({ name, ...typeIn(whole, name) })) };
}

function namesIn(part: Part): (value: string) => string {
  const kept = new Set(["", ...part.graph.inputs.map(({ name }) => name)]);
  const { given = {}, prefix } = part;
  return (value) => given[value] ?? (kept.has(value) ? value : prefix + value);
}

function typeIn(graph: Graph, name: string) {
  const type = typeOf(graph, name);
  if (type === undefined) throw new Error(`no type is known for the value "${name}"`);
  return { dtype: type.dtype, dims: type.dims };
}
