/**
 * @file Activations and norms that exporters write as several operators, recognised so that they are differentiated
 * as one: SiLU, GELU and GroupNorm. Their gradients pass over the tensor fewer times than those of the parts.
 */
import { float, floatAttribute, int, stringAttribute } from "../onnx/attributes.ts";
import { type Constant, reshapeConstant } from "../onnx/constant.ts";
import { smallValue } from "../onnx/emit.ts";
import { consumersOf, type Graph, type Node, producersOf, typeOf } from "../onnx/graph.ts";
import { elementCount } from "../tensor/shape.ts";
import { contextOf } from "./context.ts";
import type { Maker } from "./make.ts";
import { groupedByChannel } from "./rules/normalise.ts";

/** A chain of nodes from one value X to the output of its last node, every value between read by the chain alone. */
export interface Composite {
  readonly input: string;
  /** Emits dX from the gradient of the last node's output. */
  gradient(make: Maker, dY: string): string;
}

/** Composites of the graph by their last node. None has an inner value or a constant that is `wanted` itself. */
export function compositesOf(graph: Graph, wanted: readonly string[]): Map<Node, Composite> {
  const parts = new Parts(graph, new Set(wanted));
  const found = new Map<Node, Composite>();
  for (const node of graph.nodes) {
    const composite = silu(parts, node) ?? gelu(parts, node) ?? groupNorm(parts, node);
    if (composite !== undefined) found.set(node, composite);
  }
  return found;
}

/** Input of every GELU in the graph, by its output. */
export function gelusOf(graph: Graph): Map<string, string> {
  const parts = new Parts(graph, new Set());
  const found = new Map<string, string>();
  for (const node of graph.nodes) {
    const exact = node.opType === "Gelu" && stringAttribute(node, "approximate", "none") === "none";
    const input = exact ? node.inputs[0] : gelu(parts, node)?.input;
    if (input !== undefined) found.set(node.outputs[0]!, input);
  }
  return found;
}

/** What recognising asks of a graph. */
class Parts {
  readonly graph: Graph;
  private readonly producers: ReadonlyMap<string, Node>;
  private readonly readers: ReadonlyMap<string, readonly Node[]>;
  private readonly wanted: ReadonlySet<string>;

  constructor(graph: Graph, wanted: ReadonlySet<string>) {
    this.graph = graph;
    this.producers = producersOf(graph);
    this.readers = consumersOf(graph);
    this.wanted = wanted;
  }

  /** The node of type `opType` behind `value`, where nothing but one node reads that value. */
  inner(value: string | undefined, opType: string): Node | undefined {
    const node = this.producers.get(value ?? "");
    if (node?.opType !== opType || value === undefined || this.wanted.has(value)) return undefined;
    return this.readers.get(value)?.length === 1 ? node : undefined;
  }

  /** Whether `value` is a constant that holds `number` throughout, to float32's precision. */
  is(value: string | undefined, number: number): boolean {
    const constant = this.frozen(value) ? this.graph.constants.get(value ?? "") : undefined;
    if (constant?.data.kind === "fill") return constant.data.value === number;
    const numbers = smallValue(constant)?.data;
    return numbers?.every((x) => Math.abs(x - number) <= 1e-7 * Math.abs(number)) ?? false;
  }

  frozen(value: string | undefined): boolean {
    return value !== undefined && this.graph.constants.has(value) && !this.wanted.has(value);
  }

  /** The operand of a commutative node that is not the given one; undefined where neither is. */
  other(node: Node | undefined, matches: (value: string) => boolean): string | undefined {
    const [a, b] = node?.inputs ?? [];
    if (a === undefined || b === undefined) return undefined;
    return matches(b) ? a : matches(a) ? b : undefined;
  }
}

/**
 * SiLU   Y = X ∘ σ,  σ = sigmoid X
 *   dX = dY ∘ (Y + σ ∘ (1 - Y))          four passes; through the two nodes it would be six
 */
function silu(parts: Parts, last: Node): Composite | undefined {
  if (last.opType !== "Mul") return undefined;
  const sigmoid = last.inputs.map((value) => parts.inner(value, "Sigmoid")).find((node) => node);
  const input = sigmoid?.inputs[0];
  const s = sigmoid?.outputs[0];
  if (input === undefined || s === undefined || !last.inputs.includes(input)) return undefined;
  const y = last.outputs[0]!;
  return {
    input,
    gradient: (make, dY) => make.mul(dY, make.add(y, make.mul(s, make.sub(1, y)))),
  };
}

/**
 * GELU   Y = X ∘ Φ,  Φ = e / 2,  e = 1 + erf u,  u = X / √2; exporters halve e or the product X ∘ e
 *   dX = dY ∘ (Φ + X ∘ exp(-u² - ln √(2π)))          six or seven passes; through the five nodes eleven
 */
function gelu(parts: Parts, last: Node): Composite | undefined {
  if (last.opType !== "Mul") return undefined;
  const product = parts.inner(
    parts.other(last, (value) => parts.is(value, 0.5)),
    "Mul",
  );
  const whole = product ?? last;
  for (const factor of whole.inputs) {
    const input = parts.other(whole, (value) => value === factor);
    const halved = parts.other(parts.inner(factor, "Mul"), (value) => parts.is(value, 0.5));
    const e = product === undefined ? halved : factor;
    const u = parts.inner(shiftedErf(parts, e), "Erf")?.inputs[0];
    if (input === undefined || e === undefined || u === undefined) continue;
    if (overRootTwo(parts, u) !== input) continue;
    return {
      input,
      gradient(make, dY) {
        const density = make.exp(make.sub(-0.5 * Math.log(2 * Math.PI), make.mul(u, u)));
        const share = product === undefined ? factor : make.mul(e, 0.5);
        return make.mul(dY, make.add(share, make.mul(input, density)));
      },
    };
  }
  return undefined;
}

/** v where `value` is 1 + v. */
function shiftedErf(parts: Parts, value: string | undefined): string | undefined {
  return parts.other(parts.inner(value, "Add"), (operand) => parts.is(operand, 1));
}

/** X where `value` is X / √2. */
function overRootTwo(parts: Parts, value: string): string | undefined {
  const divided = parts.inner(value, "Div");
  if (divided !== undefined) {
    return parts.is(divided.inputs[1], Math.SQRT2) ? divided.inputs[0] : undefined;
  }
  return parts.other(parts.inner(value, "Mul"), (operand) => parts.is(operand, Math.SQRT1_2));
}

/** GroupNorm as it was recognised: its last node, x, the constants γ and β, and what it is set to. */
export interface RecognisedNorm {
  readonly last: Node;
  readonly input: string;
  readonly gamma: string;
  readonly beta: string;
  readonly groups: number;
  readonly channels: number;
  readonly epsilon: number;
  readonly scale: Constant;
}

/** Every GroupNorm of the graph whose γ and β are one number a channel. */
export function groupNormsOf(graph: Graph): RecognisedNorm[] {
  const parts = new Parts(graph, new Set());
  return graph.nodes.flatMap((node) => {
    const norm = recognisedNorm(parts, node);
    const beta = graph.constants.get(norm?.beta ?? "");
    return norm !== undefined && beta !== undefined && elementCount(beta.dims) === norm.channels
      ? [norm]
      : [];
  });
}

/**
 * GroupNorm   X [B, C, ...] as [B, G, N], normalised in each of the G groups, back to [B, C, ...], times γ, plus β
 * (γ and β one number a channel). Differentiated as one, γ never meets the tensor: see rules/normalise.ts.
 */
function recognisedNorm(parts: Parts, last: Node): RecognisedNorm | undefined {
  if (last.opType !== "Add") return undefined;
  const scaledBy = parts.other(last, (value) => parts.frozen(value));
  const multiplied = parts.inner(scaledBy, "Mul");
  const back = parts.other(multiplied, (value) => parts.frozen(value));
  const norm = parts.inner(parts.inner(back, "Reshape")?.inputs[0], "InstanceNormalization");
  const input = parts.inner(norm?.inputs[0], "Reshape")?.inputs[0];
  const gamma = multiplied?.inputs.find((value) => value !== back);
  const beta = last.inputs.find((value) => value !== scaledBy);
  if (norm === undefined || input === undefined || gamma === undefined) return undefined;
  const dims = typeOf(parts.graph, input)?.dims ?? [];
  const groups = typeOf(parts.graph, norm.inputs[0]!)?.dims[1];
  const scale = parts.graph.constants.get(gamma);
  const channels = dims[1];
  const perChannel =
    scale !== undefined &&
    elementCount(scale.dims) === channels &&
    scale.dims[scale.dims.length - dims.length + 1] === channels;
  const plain = parts.is(norm.inputs[1], 1) && parts.is(norm.inputs[2], 0);
  if (!perChannel || !plain || groups === undefined || channels % groups !== 0) return undefined;
  const epsilon = floatAttribute(norm, "epsilon", Math.fround(1e-5));
  return { last, input, gamma, beta: beta ?? "", groups, channels, epsilon, scale };
}

function groupNorm(parts: Parts, last: Node): Composite | undefined {
  const norm = recognisedNorm(parts, last);
  if (norm === undefined) return undefined;
  const { input, gamma, groups, channels, epsilon, scale } = norm;
  return {
    input,
    gradient(make, dY) {
      const weight = make.emit.constant(reshapeConstant(scale, [channels]), `${gamma}_channels`);
      const standIn: Node = {
        opType: "GroupNormalization",
        name: last.name,
        inputs: [input, weight, ""],
        outputs: last.outputs,
        attributes: new Map([
          ["num_groups", int(groups)],
          ["epsilon", float(epsilon)],
        ]),
      };
      return groupedByChannel(contextOf(standIn, [0], [dY], make), groups)[0]!;
    },
  };
}
