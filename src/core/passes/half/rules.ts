/**
 * @file What must be float32 in a half-precision graph, and what must be float16: norms, softmaxes, sums and the loss; products
 * with weights. docs/half-precision.md says why. All else may be either.
 */
import { intAttribute } from "../../onnx/attributes.ts";
import { smallValue } from "../../onnx/emit.ts";
import { consumersOf, type Graph, type Node, typeOf } from "../../onnx/graph.ts";
import { OWN_OPS } from "../../onnx/operators/supported.ts";
import type { Precision } from "../../precision.ts";
import { elementCount } from "../../tensor/shape.ts";

/** Sums, normalisations, and what is sensitive to its argument. */
const SINGLE: ReadonlySet<string> = new Set([
  "ArgMax",
  "Cos",
  "CumSum",
  "GroupNormalization",
  "InstanceNormalization",
  "LayerNormalization",
  "Log",
  "Mod",
  "Pow",
  "Reciprocal",
  "ReduceMax",
  "ReduceMean",
  "ReduceProd",
  "ReduceSum",
  "ScatterND",
  "Sin",
  "Softmax",
  "Sqrt",
  // Their code is for float32.
  ...OWN_OPS,
]);

/** Operators that add up: what only they read is made in float32, so that squares and products do not overflow. */
const SUMS: ReadonlySet<string> = new Set(["ReduceMean", "ReduceSum"]);

const ELEMENTWISE: ReadonlySet<string> = new Set([
  "Abs",
  "Add",
  "Clip",
  "Div",
  "Erf",
  "Exp",
  "Gelu",
  "Max",
  "Min",
  "Mul",
  "Neg",
  "Relu",
  "Sigmoid",
  "Sign",
  "Sub",
  "Tanh",
  "Where",
]);

const VIEWS: ReadonlySet<string> = new Set([
  "Expand",
  "Flatten",
  "Identity",
  "Reshape",
  "Squeeze",
  "Transpose",
  "Unsqueeze",
]);

const PRODUCTS: ReadonlySet<string> = new Set(["Conv", "Gemm", "MatMul"]);

/**
 * Products of two computed operands that add up more terms than this are float32: onnxruntime's WebGPU products add in the
 * operands' type, and a float16 sum of n equal terms stops growing beyond n = 2048.
 */
const MOST_TERMS = 512;

/** The largest float16, and the smallest that has all its bits. */
const [LARGEST, SMALLEST] = [65504, 2 ** -14];

/** Inputs of a node that have its precision: those that are float32 now. A Resize's sizes are float32 always. */
export function followedInputs(graph: Graph, node: Node): readonly number[] {
  return [...node.inputs.keys()].filter((i) => {
    if (node.opType === "Resize" && i > 0) return false;
    return typeOf(graph, node.inputs[i]!)?.dtype === "float32";
  });
}

export interface Rules {
  /** What each node must be; undefined where it may be either. */
  readonly must: readonly (Precision | undefined)[];
  /**
   * Values that are never rounded for somebody who reads float32: means, deviations and what is made of them alone, which
   * would lose what they are for; and the graph's inputs, which are there as long as it runs.
   */
  readonly unrounded: ReadonlySet<string>;
}

/** @param exact inputs whose elementwise readers, and theirs, are float32: those of a loss */
export function precisionRules(graph: Graph, exact: ReadonlySet<string>): Rules {
  const readers = consumersOf(graph);
  const kept = new Set(graph.outputs.map(({ name }) => name));
  const statistics = new Set<string>();
  const loss = new Set(exact);
  const scores = scoresOf(graph);
  const must = graph.nodes.map((node): Precision | undefined => {
    const inputs = followedInputs(graph, node).map((i) => node.inputs[i]!);
    const computed = inputs.filter((name) => !graph.constants.has(name));
    const local = ELEMENTWISE.has(node.opType) || VIEWS.has(node.opType);
    addStatistics(statistics, node, local && computed.length > 0 ? computed : null);
    if (inputs.some((name) => loss.has(name)) && (local || SUMS.has(node.opType))) {
      for (const output of node.outputs) loss.add(output);
      return "float32";
    }
    if (PRODUCTS.has(node.opType)) return ofProduct(graph, node, scores);
    const given = node.outputs.some((name) => typeOf(graph, name)?.dtype === "float32");
    if (SINGLE.has(node.opType) || !given) return "float32";
    if (!ELEMENTWISE.has(node.opType)) return undefined;
    const output = node.outputs[0]!;
    const count = sizeOf(graph, output);
    const onlySummed =
      !kept.has(output) && (readers.get(output) ?? []).every(({ opType }) => SUMS.has(opType));
    const byStatistic = computed.some(
      (name) => statistics.has(name) && sizeOf(graph, name) < count,
    );
    const beyond = inputs.some((name) => isBeyondHalf(graph, name));
    return onlySummed || byStatistic || beyond || scores.has(output) ? "float32" : undefined;
  });
  return { must, unrounded: new Set([...statistics, ...graph.inputs.map(({ name }) => name)]) };
}

/** @param computed what a local operator is computed from; null for others */
function addStatistics(
  statistics: Set<string>,
  { opType, outputs }: Node,
  computed: readonly string[] | null,
): void {
  const made =
    opType.startsWith("Reduce") || computed?.every((name) => statistics.has(name)) === true
      ? outputs
      : opType === "LayerNormalization"
        ? outputs.slice(1)
        : [];
  for (const name of made) if (name !== "") statistics.add(name);
}

/** What is made for a softmax alone, from the product of queries and keys on: it may be beyond float16 until it is scaled. */
function scoresOf(graph: Graph): ReadonlySet<string> {
  const readers = consumersOf(graph);
  const scores = new Set<string>();
  for (const { opType, outputs } of graph.nodes.toReversed()) {
    const [output = ""] = outputs;
    const read = readers.get(output) ?? [];
    const toSoftmax =
      read.length > 0 &&
      read.every(
        ({ opType, outputs: [next = ""] }) =>
          opType === "Softmax" || (!PRODUCTS.has(opType) && scores.has(next)),
      );
    const local = ELEMENTWISE.has(opType) || VIEWS.has(opType) || PRODUCTS.has(opType);
    if (toSoftmax && local) scores.add(output);
  }
  return scores;
}

function ofProduct(graph: Graph, node: Node, scores: ReadonlySet<string>): Precision | undefined {
  const [a = "", b = ""] = node.inputs;
  if (graph.constants.has(a) || graph.constants.has(b)) return "float16";
  if (scores.has(node.outputs[0] ?? "")) return "float32";
  const dims = typeOf(graph, a)?.dims ?? [];
  const turned = node.opType === "Gemm" && intAttribute(node, "transA", 0) !== 0;
  return (dims.at(turned ? -2 : -1) ?? 1) > MOST_TERMS ? "float32" : undefined;
}

/** Whether a constant has a number that float16 makes infinite or rounds coarsely. */
function isBeyondHalf(graph: Graph, name: string): boolean {
  const numbers = smallValue(graph.constants.get(name), 2 ** 16)?.data ?? [];
  return numbers.some((x) => x !== 0 && (Math.abs(x) > LARGEST || Math.abs(x) < SMALLEST));
}

function sizeOf(graph: Graph, name: string): number {
  return elementCount(typeOf(graph, name)?.dims ?? []);
}
