/** @file Values of nodes and graphs in float64: slow, plain, and the reference the gradients are checked against. */
import { StudioError } from "../errors.ts";
import { type NdArray, ndArray } from "../tensor/nd-array.ts";
import type { Constant } from "./constant.ts";
import { type Declared, describeNode, type Graph, type Node, producersOf } from "./graph.ts";
import { inferNode, unsupportedOperator } from "./infer.ts";
import { CONVERT } from "./operators/convert.ts";
import type { EvaluateContext } from "./operators/definition.ts";
import { isSupported } from "./operators/supported.ts";
import { OPERATORS } from "./operators/table.ts";

/**
 * Values of all outputs that `node` lists. Arithmetic is float64 whatever the types say, and only Cast rounds.
 * Shape and Size look at types alone: the data of their input may be left empty.
 * @param inputs one entry for each input the node lists; undefined where it is omitted.
 */
export function evaluateNode(
  node: Node,
  opset: number,
  inputs: readonly (NdArray | undefined)[],
): NdArray[] {
  if (!isSupported(node.opType)) throw unsupportedOperator([node]);
  const byName = new Map(node.inputs.map((name, i) => [name, inputs[i]]));
  const lookUp = (name: string): NdArray | undefined => byName.get(name);
  const context: EvaluateContext = {
    node,
    opset,
    inputCount: node.inputs.length,
    has: (i) => inputs[i] !== undefined,
    input: (i) => {
      const value = inputs[i];
      if (value === undefined) throw new Error(`its input ${i} is missing`);
      return value;
    },
    outputTypes: inferNode(node, { opset, type: lookUp, value: lookUp }),
  };
  try {
    return OPERATORS[node.opType].evaluate(context);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StudioError("model-corrupt", `${describeNode(node)} cannot be computed: ${reason}.`, {
      cause,
    });
  }
}

/**
 * Values of the named outputs. Only the nodes they depend on are computed, and a value is let go after its
 * last reader.
 * @param constants the numbers of one of the graph's constants.
 * @param rounded also rounds what a node gives as float16, as a session would; what it computes on the way stays float64
 */
export function evaluateGraph(
  graph: Graph,
  feeds: ReadonlyMap<string, NdArray>,
  outputs: readonly string[],
  constants: (name: string, constant: Constant) => NdArray,
  rounded = false,
): Map<string, NdArray> {
  const nodes = nodesNeeded(graph, feeds, outputs);
  const values = new Map<string, NdArray>();
  const readers = new Map<string, number>();
  const count = (name: string): void => {
    if (name !== "") readers.set(name, (readers.get(name) ?? 0) + 1);
  };
  nodes.forEach((node) => node.inputs.forEach(count));
  outputs.forEach(count);

  const read = (name: string): NdArray => {
    const value = values.get(name) ?? source(graph, feeds, constants, name);
    const left = readers.get(name)! - 1;
    readers.set(name, left);
    if (left > 0) values.set(name, value);
    else values.delete(name);
    return value;
  };
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => (name === "" ? undefined : read(name)));
    evaluateNode(node, graph.opset, inputs).forEach((value, i) => {
      const name = node.outputs[i] ?? "";
      const kept = rounded && value.dtype === "float16" ? roundedToHalf(value) : value;
      if (readers.has(name) && !feeds.has(name)) values.set(name, kept);
    });
  }
  return new Map(outputs.map((name) => [name, read(name)]));
}

const roundedToHalf = (value: NdArray): NdArray => ({
  ...value,
  data: value.data.map(CONVERT.float16),
});

/** The nodes that `outputs` depend on, in the graph's order; what is fed is not computed. */
function nodesNeeded(
  graph: Graph,
  feeds: ReadonlyMap<string, NdArray>,
  outputs: readonly string[],
): Node[] {
  const producers = producersOf(graph);
  const needed = new Set<Node>();
  const pending = [...outputs];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const node = feeds.has(name) ? undefined : producers.get(name);
    if (node === undefined || needed.has(node)) continue;
    needed.add(node);
    pending.push(...node.inputs);
  }
  return graph.nodes.filter((node) => needed.has(node));
}

/** A value that no node makes: fed, or a constant. */
function source(
  graph: Graph,
  feeds: ReadonlyMap<string, NdArray>,
  constants: (name: string, constant: Constant) => NdArray,
  name: string,
): NdArray {
  const fed = feeds.get(name);
  if (fed !== undefined) {
    const declared = graph.inputs.find((input) => input.name === name);
    if (declared !== undefined) checkFeed(declared, fed);
    return ndArray(fed.dtype, fed.dims, fed.data);
  }
  const constant = graph.constants.get(name);
  if (constant !== undefined) return constants(name, constant);
  throw new StudioError(
    "invalid-input",
    `The value "${name}" is neither computed by the graph nor a constant of it; feed it.`,
  );
}

function checkFeed({ name, dtype, dims }: Declared, fed: NdArray): void {
  const fits =
    dims.length === fed.dims.length &&
    dims.every((d, axis) => typeof d !== "number" || d === fed.dims[axis]);
  if (fits && dtype === fed.dtype) return;
  const shape = dims.map((d) => d ?? "?").join(", ");
  throw new StudioError(
    "invalid-input",
    `The graph's input "${name}" is ${dtype} [${shape}] and was fed ${fed.dtype} [${fed.dims.join(", ")}]; feed it as declared.`,
  );
}
