/** @file Rules against finite differences: one operator, contracted to a number, both ways, in float64. */
import type { Attribute } from "../onnx/attributes.ts";
import { type Constant, constantOf } from "../onnx/constant.ts";
import { Emitter } from "../onnx/emit.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import { emptyGraph, type Graph } from "../onnx/graph.ts";
import { materialise, noExternalData } from "../onnx/materialise.ts";
import type { SupportedOp } from "../onnx/operators/supported.ts";
import { normal } from "../random/normal.ts";
import { fromBytes, type NdArray, ndArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { gradient } from "./gradient.ts";
import { Maker } from "./make.ts";

/** Numbers for `count` elements from standard normal ones. */
type Spread = (random: Float32Array) => number[];

export type CaseInput =
  | {
      readonly kind: "checked";
      readonly dims: Dims;
      readonly spread: Spread;
      readonly dtype: "float64" | "float32";
    }
  | { readonly kind: "frozen"; readonly dims: Dims; readonly spread: Spread }
  | { readonly kind: "constant"; readonly constant: Constant }
  | { readonly kind: "omitted" };

export interface Case {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly opset?: number;
  /** How many outputs the node lists; 1 where left out. */
  readonly outputs?: number;
  /** The outputs that the number depends on; all where left out. */
  readonly used?: readonly number[];
}

/** An input whose gradient is checked: standard normal numbers, or those made by `spread`. */
export const checked = (
  dims: Dims,
  spread: Spread = (random) => [...random],
  dtype: "float64" | "float32" = "float64",
): CaseInput => ({ kind: "checked", dims, spread, dtype });
/** A constant float input that is not differentiated. */
export const frozen = (dims: Dims, spread: Spread = (random) => [...random]): CaseInput => ({
  kind: "frozen",
  dims,
  spread,
});
/** A one-dimensional int64 constant. */
export const list = (...values: readonly number[]): CaseInput => ({
  kind: "constant",
  constant: constantOf("int64", [values.length], values),
});
export const constant = (value: Constant): CaseInput => ({ kind: "constant", constant: value });
export const omitted: CaseInput = { kind: "omitted" };

/** 0.5 and more: logarithms, roots and quotients are smooth there. */
export const positive: Spread = (random) => [...random].map((x) => 0.5 + Math.abs(x));
/** At least 0.2 from 0, where |x|, relu and 1/x have a kink or a pole. */
export const awayFromZero: Spread = (random) => [...random].map((x) => x + Math.sign(x) * 0.2);
/** All different, 0.1 and more apart and 0.05 from every multiple of 0.1: no ties, nothing at a bound. */
export const apart: Spread = (random) => {
  const order = [...random].map((x, i) => ({ x, i })).sort((a, b) => a.x - b.x);
  const out = new Array<number>(random.length).fill(0);
  order.forEach(({ i }, rank) => (out[i] = (rank - Math.floor(random.length / 2)) * 0.1 + 0.05));
  return out;
};

/** Half the distance of the two points of a difference. */
const STEP = 1e-5;
/**
 * Largest |rule - difference| allowed, as a share of the larger of 1 and the largest element of the gradient.
 * A centred difference is off by STEP² f'''/6, about 1e-10 with the third derivatives of these cases, and by the
 * rounding of f over STEP, about 1e-16 · 10 / 1e-5 = 1e-10; a wrong rule is off by about 1.
 */
const TOLERANCE = 1e-7;

export interface Mismatch {
  readonly input: number;
  readonly element: number;
  readonly rule: number;
  readonly difference: number;
}

export interface CheckResult {
  readonly mismatches: readonly Mismatch[];
  /** How many elements were compared. */
  readonly compared: number;
  /** Operators of the nodes, views aside, that the rule emitted for nothing: no gradient depends on them. */
  readonly unread: readonly string[];
  readonly seed: number;
}

interface Problem {
  readonly graph: Graph;
  readonly loss: string;
  readonly feeds: Map<string, NdArray>;
  /** Names of the checked inputs, by index. */
  readonly wrt: ReadonlyMap<number, string>;
}

/** The operator with its outputs contracted with fixed random tensors C_o:   loss = Σ_o Σ Y_o ∘ C_o */
function problemOf(op: SupportedOp, test: Case, seed: number): Problem {
  const emit = new Emitter(emptyGraph(test.opset ?? 18));
  const make = new Maker(emit, emptyGraph(emit.opset), []);
  const feeds = new Map<string, NdArray>();
  const wrt = new Map<number, string>();
  const names = test.inputs.map((input, i) => {
    if (input.kind === "omitted") return "";
    if (input.kind === "constant") return emit.constant(input.constant);
    const { dims, spread } = input;
    const values = spread(normal(seed + i, elementCount(dims)));
    if (input.kind === "frozen") return emit.constant(constantOf("float64", dims, values));
    const name = emit.input(`x${i}`, { dtype: input.dtype, dims });
    feeds.set(name, ndArray(input.dtype, dims, values));
    wrt.set(i, name);
    return name;
  });
  const outputs = emit.many(op, names, test.outputs ?? 1, test.attributes);
  const terms = (test.used ?? outputs.map((_, i) => i)).map((i) => {
    const { dtype, dims } = emit.type(outputs[i]!);
    const weights = [...normal(seed + 100 + i, elementCount(dims))];
    const product = make.mul(outputs[i]!, emit.constant(constantOf(dtype, dims, weights)));
    return make.reduce("ReduceSum", make.reshape(product, [weights.length]), [0], false);
  });
  const loss = terms.reduce((total, term) => make.add(total, term));
  return { graph: emit.finish([loss]), loss, feeds, wrt };
}

/** A function from feeds to the values of `outputs`. */
async function evaluator(
  graph: Graph,
  outputs: readonly string[],
): Promise<(feeds: ReadonlyMap<string, NdArray>) => Map<string, NdArray>> {
  const constants = new Map<string, NdArray>();
  for (const [name, value] of graph.constants) {
    const bytes = await materialise(value, noExternalData);
    constants.set(name, fromBytes(value.dtype, value.dims, bytes));
  }
  return (feeds) => evaluateGraph(graph, feeds, outputs, (name) => constants.get(name)!);
}

/** Values of `outputs` for inputs given as numbers. */
export async function evaluateAll(
  graph: Graph,
  feeds: Readonly<Record<string, readonly number[]>>,
  outputs: readonly string[],
): Promise<NdArray[]> {
  const arrays = new Map<string, NdArray>();
  for (const { name, dtype } of graph.inputs) {
    const { dims } = graph.types.get(name)!;
    arrays.set(name, ndArray(dtype, dims, feeds[name] ?? []));
  }
  const values = (await evaluator(graph, outputs))(arrays);
  return outputs.map((name) => values.get(name)!);
}

/** Gradients by the rules, for `wrt` alone, with the operators of emitted nodes that none of them reads. */
async function byRule({ graph, loss, feeds }: Problem, wrt: readonly string[]) {
  const { graph: extended, gradients } = gradient(graph, { of: loss, wrt });
  const names = wrt.map((name) => gradients.get(name)!);
  const values = (await evaluator(extended, names))(feeds);
  const read = new Set(names);
  const unread: string[] = [];
  for (const node of extended.nodes.slice(graph.nodes.length).reverse()) {
    if (node.outputs.some((output) => read.has(output))) node.inputs.forEach((x) => read.add(x));
    else if (node.opType !== "Reshape" && node.opType !== "Transpose") unread.push(node.opType);
  }
  return { values: names.map((name) => values.get(name)!), unread };
}

/** Centred differences of the loss by every element of one input. */
async function byDifference({ graph, loss, feeds }: Problem, wrt: string): Promise<number[]> {
  const evaluate = await evaluator(graph, [loss]);
  const { dtype, dims, data } = feeds.get(wrt)!;
  const lossAt = (element: number, shift: number): number => {
    const moved = data.slice();
    moved[element]! += shift;
    const values = evaluate(new Map(feeds).set(wrt, ndArray(dtype, dims, moved)));
    return values.get(loss)!.data[0]!;
  };
  return Array.from(data, (_, i) => (lossAt(i, STEP) - lossAt(i, -STEP)) / (2 * STEP));
}

/**
 * Compares all elements of all checked inputs. Every input is also asked for on its own: then the rule must give
 * the same and emit nothing for the others.
 */
export async function checkGradient(op: SupportedOp, test: Case): Promise<CheckResult> {
  const seed = seedOf(`${op} ${test.name}`);
  const problem = problemOf(op, test, seed);
  const together = await byRule(problem, [...problem.wrt.values()]);
  const unread = [...together.unread];
  const mismatches: Mismatch[] = [];
  let compared = 0;
  let which = 0;
  for (const [input, name] of problem.wrt) {
    const alone = await byRule(problem, [name]);
    unread.push(...alone.unread);
    const expected = await byDifference(problem, name);
    const scale = expected.reduce((max, x) => Math.max(max, Math.abs(x)), 1);
    for (const { dims, data } of [together.values[which]!, alone.values[0]!]) {
      if (dims.join() !== problem.feeds.get(name)!.dims.join()) {
        throw new Error(`the gradient of input ${input} has shape [${dims.join(", ")}]`);
      }
      expected.forEach((difference, element) => {
        const rule = data[element]!;
        const close = Math.abs(rule - difference) <= TOLERANCE * scale;
        if (!close) mismatches.push({ input, element, rule, difference });
      });
    }
    compared += expected.length;
    which++;
  }
  return { mismatches, compared, unread, seed };
}

/** A seed from a name, so that a new case does not change the numbers of the others. */
function seedOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return hash % 1_000_000;
}
