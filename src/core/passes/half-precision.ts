/**
 * @file A float32 graph as one of mixed precision: weights, products and what is saved for the backward pass are float16; norms,
 * softmaxes, sums and the loss are float32. Inputs and outputs keep their types. What is which: half/rules.ts, half/choose.ts.
 */
import { int, intAttribute } from "../onnx/attributes.ts";
import { castConstant, type Constant, constantOf } from "../onnx/constant.ts";
import { smallValue } from "../onnx/emit.ts";
import { type Graph, type Node, type TensorType } from "../onnx/graph.ts";
import type { Precision } from "../precision.ts";
import { DTYPES } from "../tensor/dtype.ts";
import { choosePrecisions, FAR, waitsExactly } from "./half/choose.ts";
import { followedInputs, precisionRules, type Rules } from "./half/rules.ts";
import { prune } from "./prune.ts";

export interface HalfPrecisionOptions {
  /** Inputs that what is computed of them number by number stays float32 with: those of a loss. */
  readonly exact?: readonly string[];
}

/** @param graph static, float32, every value's type known */
export function halfPrecision(graph: Graph, { exact = [] }: HalfPrecisionOptions = {}): Graph {
  const rules = precisionRules(graph, new Set(exact));
  const writer = new Writer(graph, rules, choosePrecisions(graph, rules));
  graph.nodes.forEach((node, i) => {
    writer.node(node, i);
  });
  return prune(writer.finish());
}

/** What a value is called in float32 and in float16, as far as it is there. */
interface Copies {
  readonly size: TensorType["dims"];
  single: { readonly name: string; readonly at: number; readonly waits: boolean } | null;
  half: string | null;
}

class Writer {
  private readonly graph: Graph;
  private readonly rules: Rules;
  private readonly precisions: readonly Precision[];
  private readonly nodes: Node[] = [];
  private readonly constants: Map<string, Constant>;
  private readonly types: Map<string, TensorType>;
  private readonly values = new Map<string, Copies>();
  private readonly outputs: ReadonlySet<string>;
  /** Values that somebody reads as float16, or too far from where they are made to read float32. */
  private readonly cast = new Set<string>();
  private counter = 0;

  constructor(graph: Graph, rules: Rules, precisions: readonly Precision[]) {
    this.graph = graph;
    this.rules = rules;
    this.precisions = precisions;
    this.constants = new Map(graph.constants);
    this.types = new Map(graph.types);
    this.outputs = new Set(graph.outputs.map(({ name }) => name));
    this.findCast();
    for (const { name, dtype } of graph.inputs) if (dtype === "float32") this.made(name, -1);
  }

  node(node: Node, at: number): void {
    const precision = this.precisions[at]!;
    const inputs = [...node.inputs];
    for (const i of followedInputs(this.graph, node)) {
      inputs[i] = this.read(inputs[i]!, precision, at);
    }
    const isSingle = (name: string): boolean => this.graph.types.get(name)?.dtype === "float32";
    if (precision === "float32") {
      this.nodes.push({ ...node, inputs });
      for (const name of node.outputs) if (isSingle(name)) this.made(name, at);
      return;
    }
    const outputs = node.outputs.map((name) =>
      this.outputs.has(name) && isSingle(name) ? this.fresh(name) : name,
    );
    this.nodes.push({ ...node, inputs, outputs, attributes: halved(node) });
    node.outputs.forEach((name, i) => {
      if (name === "" || !isSingle(name)) return;
      const size = this.graph.types.get(name)!.dims;
      const half = outputs[i]!;
      this.types.set(half, { dtype: "float16", dims: size });
      this.values.set(name, { size, half, single: null });
      if (half === name) return;
      this.castTo("float32", half, name, size);
      this.values.set(name, { size, half, single: { name, at, waits: true } });
    });
  }

  finish(): Graph {
    const { constants, types } = this;
    return { ...this.graph, nodes: castsInOrder(this.nodes), constants, types };
  }

  private findCast(): void {
    const madeAt = new Map<string, number>(this.graph.inputs.map(({ name }) => [name, -1]));
    this.graph.nodes.forEach((node, i) => {
      for (const input of followedInputs(this.graph, node)) {
        const name = node.inputs[input]!;
        const near = waitsExactly(this.graph, this.rules, name) || i - madeAt.get(name)! <= FAR;
        if (this.precisions[i] === "float16" || !near) this.cast.add(name);
      }
      for (const name of node.outputs) madeAt.set(name, i);
    });
  }

  /** A value is there in float32; its float16 copy, where there is to be one, is made at once, so that the other can go. */
  private made(name: string, at: number): void {
    const size = this.graph.types.get(name)!.dims;
    const waits = waitsExactly(this.graph, this.rules, name);
    const half = this.cast.has(name) ? this.castTo("float16", name, this.fresh(name), size) : null;
    this.values.set(name, { size, half, single: { name, at, waits } });
  }

  private read(name: string, precision: Precision, at: number): string {
    const constant = this.graph.constants.get(name);
    if (constant !== undefined) {
      return precision === "float32" ? name : this.narrowed(name, constant);
    }
    const value = this.values.get(name)!;
    if (precision === "float16") return value.half!;
    const { single, half, size } = value;
    if (single !== null && (single.waits || at - single.at <= FAR)) return single.name;
    const made = this.castTo("float32", half!, this.fresh(name), size);
    value.single = { name: made, at, waits: false };
    return made;
  }

  private narrowed(name: string, constant: Constant): string {
    const half = `${name}/float16`;
    if (!this.constants.has(half)) {
      const small = smallValue(constant);
      this.constants.set(
        half,
        small === undefined
          ? castConstant(constant, "float16")
          : constantOf("float16", small.dims, small.data),
      );
    }
    return half;
  }

  private castTo(to: Precision, from: string, output: string, dims: TensorType["dims"]): string {
    this.nodes.push({
      opType: "Cast",
      name: `Cast/${this.counter++}`,
      inputs: [from],
      outputs: [output],
      attributes: new Map([["to", int(DTYPES[to].onnx)]]),
    });
    this.types.set(output, { dtype: to, dims });
    return output;
  }

  private fresh(name: string): string {
    return `${name}/cast_${this.counter++}`;
  }
}

/**
 * Casts where onnxruntime computes them when they are due: of a node's inputs it computes the later one of the file first
 * (execution-order.ts). One to float32 stands right behind what it casts, and comes when everything else of its reader is
 * there; one to float16 stands right before its first reader, and comes before what else that waits for.
 */
function castsInOrder(nodes: readonly Node[]): Node[] {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const isCast = ({ opType, inputs }: Node): boolean =>
    opType === "Cast" && made.has(inputs[0] ?? "");
  const casts = new Map(nodes.filter(isCast).map((node) => [node.outputs[0] ?? "", node]));
  const read = new Set(nodes.flatMap((node) => (isCast(node) ? [] : node.inputs)));
  const behind = new Map<string, Node[]>();
  for (const [output, node] of casts) {
    const [input = ""] = node.inputs;
    // What only another cast reads stands with that one.
    if (intAttribute(node, "to", 0) === DTYPES.float16.onnx && read.has(output)) continue;
    behind.set(input, [...(behind.get(input) ?? []), node]);
  }
  const order = new Set<Node>();
  const put = (node: Node): void => {
    if (order.has(node)) return;
    for (const input of node.inputs) {
      const cast = casts.get(input);
      if (cast !== undefined) put(cast);
    }
    // One that stands behind what it casts is there by now.
    if (order.has(node)) return;
    order.add(node);
    for (const output of node.outputs) {
      for (const cast of behind.get(output) ?? []) put(cast);
    }
  };
  for (const node of nodes) if (!isCast(node)) put(node);
  // What nobody reads is an output.
  for (const cast of casts.values()) put(cast);
  return [...order];
}

/** Attributes of a node that becomes float16: a Cast casts to that. */
function halved(node: Node): Node["attributes"] {
  if (node.opType !== "Cast") return node.attributes;
  return new Map([...node.attributes, ["to", int(DTYPES.float16.onnx)]]);
}
