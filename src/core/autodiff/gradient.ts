/** @file The reverse walk: a graph and a scalar in it become a graph that also computes the scalar's gradients. */
import { StudioError } from "../errors.ts";
import { Emitter } from "../onnx/emit.ts";
import { describeNode, type Graph, type Node } from "../onnx/graph.ts";
import { isSupported } from "../onnx/operators/supported.ts";
import { isFloat } from "../tensor/dtype.ts";
import { elementCount, sameDims } from "../tensor/shape.ts";
import { type ChunkedAttention, chunkedAttentions } from "./chunked-attention.ts";
import { type Composite, compositesOf } from "./composites.ts";
import { contextOf } from "./context.ts";
import { Contributions } from "./contributions.ts";
import { Maker } from "./make.ts";
import { obstacle, pathBetween } from "./path.ts";
import { RuleRefusal, type VjpRule } from "./rule.ts";
import { VJP } from "./table.ts";

export interface GradientRequest {
  /** The value to differentiate: one element, or any shape where `seed` is given. */
  readonly of: string;
  /** A value of the graph with the shape of `of`: the gradient of whatever comes after it. 1 where left out. */
  readonly seed?: string;
  /** Inputs, constants or computed values, floating point. */
  readonly wrt: readonly string[];
  /** False: differentiate SiLU, GELU and GroupNorm node by node, to compare with the shorter gradients. */
  readonly composites?: boolean;
  /** Attention with more bytes of scores than this is differentiated in chunks that have no more; never where left out. */
  readonly attentionBytes?: number | undefined;
}

export interface GradientReport {
  readonly nodesDifferentiated: number;
  /** Nodes added; a view (Reshape, Transpose) that was merged into a later one is among them until the graph is pruned. */
  readonly nodesEmitted: number;
  /** `wrt` values on which `of` does not depend; their gradients are constant zeros. */
  readonly unused: readonly string[];
  /** Bytes of each weight that the gradient keeps a second time (flipped or transposed), by constant name. */
  readonly duplicates: ReadonlyMap<string, number>;
  readonly duplicateBytes: number;
}

export interface GradientResult {
  /** The graph continued; its outputs are those it had, then the gradients. */
  readonly graph: Graph;
  /** Gradient of each `wrt` value, by that value's name. */
  readonly gradients: ReadonlyMap<string, string>;
  readonly report: GradientReport;
}

/**
 * With y = of and dX short for the sum over the elements of y of seed · ∂y/∂X:
 *   d(of) = seed;   for every node on the path, last first:   d(input) += rule(d(outputs)).
 * @param graph every value's type known; nodes in topological order.
 * @throws StudioError "model-unsupported-operator" naming every node on the path that has no rule,
 *   "invalid-input" where the request does not fit the graph.
 */
export function gradient(graph: Graph, request: GradientRequest): GradientResult {
  const emit = new Emitter(graph);
  const make = new Maker(emit, graph, request.wrt);
  const sums = new Contributions(make);
  const composites =
    request.composites === false ? new Map<Node, Composite>() : compositesOf(graph, request.wrt);
  const refusals: string[] = [];
  const path = pathBetween(graph, request.of, checked(emit, request));
  for (const step of path) {
    const reason = obstacle(step);
    if (reason !== undefined) refusals.push(`${describeNode(step.node)} (${reason})`);
  }
  if (refusals.length > 0) throw noRule(refusals);

  const attentions =
    request.attentionBytes === undefined
      ? new Map<Node, ChunkedAttention>()
      : chunkedAttentions(graph, path, request.wrt, request.attentionBytes);

  sums.add(request.of, seedOf(emit, make, request));
  for (const { node, inputs } of path.reverse()) {
    const gradOutputs = node.outputs.map((output) => sums.of(output));
    if (gradOutputs.every((d) => d === null)) continue;
    const composite = composites.get(node);
    if (composite !== undefined) {
      // Nothing reaches the nodes inside: the walk passes them by.
      sums.add(composite.input, composite.gradient(make, gradOutputs[0]!));
      continue;
    }
    const attention = attentions.get(node);
    if (attention !== undefined) {
      for (const part of attention.gradients(make, gradOutputs[0]!)) sums.add(...part);
      continue;
    }
    try {
      const gradInputs = ruleFor(node)(contextOf(node, inputs, gradOutputs, make));
      for (const i of inputs) sums.add(node.inputs[i]!, gradInputs[i] ?? null);
    } catch (error) {
      if (!(error instanceof RuleRefusal)) throw error;
      refusals.push(`${describeNode(node)} (${error.message})`);
      // The walk goes on with zeros so that every node that is refused is named.
      for (const i of inputs) {
        const { dtype, dims } = emit.type(node.inputs[i]!);
        sums.add(node.inputs[i]!, make.fill(dtype, dims, 0));
      }
    }
  }
  if (refusals.length > 0) throw noRule(refusals.reverse());

  const unused = request.wrt.filter((name) => sums.of(name) === null);
  const gradients = new Map<string, string>();
  for (const name of request.wrt) {
    const { dtype, dims } = emit.type(name);
    gradients.set(name, sums.of(name) ?? make.fill(dtype, dims, 0));
  }
  const outputs = new Set([...graph.outputs.map((output) => output.name), ...gradients.values()]);
  const extended = emit.finish([...outputs]);
  return {
    graph: extended,
    gradients,
    report: {
      nodesDifferentiated: path.length,
      nodesEmitted: extended.nodes.length - graph.nodes.length,
      unused,
      duplicates: make.duplicates,
      duplicateBytes: [...make.duplicates.values()].reduce((sum, bytes) => sum + bytes, 0),
    },
  };
}

function ruleFor(node: Node): VjpRule {
  const rule = isSupported(node.opType) ? VJP[node.opType] : undefined;
  if (typeof rule !== "function") throw new Error(`${describeNode(node)} has no gradient rule`);
  return rule;
}

function seedOf(emit: Emitter, make: Maker, { of, seed }: GradientRequest): string {
  if (seed !== undefined) return seed;
  const { dtype, dims } = emit.type(of);
  return make.fill(dtype, dims, 1);
}

/** The `wrt` names, once the request is known to fit the graph. */
function checked(emit: Emitter, { of, seed, wrt }: GradientRequest): readonly string[] {
  const { dims } = emit.type(of);
  const shape = `[${dims.join(", ")}]`;
  if (seed === undefined && elementCount(dims) !== 1) {
    throw new StudioError(
      "invalid-input",
      `"${of}" has shape ${shape}; a gradient needs a single number, or a seed of that shape.`,
    );
  }
  if (seed !== undefined && !sameDims(emit.type(seed).dims, dims)) {
    throw new StudioError(
      "invalid-input",
      `The seed "${seed}" has shape [${emit.type(seed).dims.join(", ")}]; give it the shape ${shape} of "${of}".`,
    );
  }
  for (const name of [of, ...wrt]) {
    const { dtype } = emit.type(name);
    if (isFloat(dtype)) continue;
    throw new StudioError(
      "invalid-input",
      `"${name}" is ${dtype}; only floating-point values have gradients, so leave it out.`,
    );
  }
  return wrt;
}

function noRule(nodes: readonly string[]): StudioError {
  return new StudioError(
    "model-unsupported-operator",
    `The studio cannot compute a gradient through ${nodes.join(", ")}. Export the model with a standard exporter (optimum or torch.onnx, without fused operators).`,
  );
}
