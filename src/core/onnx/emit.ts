/** @file Builds graphs node by node: fresh names, types known at once, the same expression never emitted twice. */
import { type DType } from "../tensor/dtype.ts";
import { fromBytes, ndArray, type NdArray } from "../tensor/nd-array.ts";
import { elementCount } from "../tensor/shape.ts";
import { type Attribute, attributes, type Attributes } from "./attributes.ts";
import { type Constant, constantOf } from "./constant.ts";
import type { Declared, Graph, Node, TensorType } from "./graph.ts";
import { inferNode, type ValueScope } from "./infer.ts";
import type { SupportedOp } from "./operators/supported.ts";

/** Constants up to this many elements are looked into by type rules (axes, shapes, split sizes). */
export const SMALL = 4096;

/** The numbers of a constant that lie at hand (no file has to be read) and are at most `limit`; else undefined. */
export function smallValue(constant: Constant | undefined, limit = SMALL): NdArray | undefined {
  if (constant === undefined || elementCount(constant.dims) > limit) return undefined;
  const { data, dims, dtype } = constant;
  if (data.kind === "bytes") return fromBytes(dtype, dims, data.bytes);
  if (data.kind === "fill") {
    return ndArray(dtype, dims, new Float64Array(elementCount(dims)).fill(data.value));
  }
  return undefined;
}

/** An Emitter continues a graph: its nodes, constants and types are there to be read and added to. */
export class Emitter {
  readonly opset: number;
  private readonly inputs: Declared[];
  private readonly nodes: Node[];
  private readonly constants: Map<string, Constant>;
  private readonly types: Map<string, TensorType>;
  private readonly taken: Set<string>;
  private readonly known = new Map<string, readonly string[]>();
  private readonly constantNames = new Map<string, string>();
  private readonly scope: ValueScope;
  private counter = 0;

  constructor(start: Graph) {
    this.opset = start.opset;
    this.inputs = [...start.inputs];
    this.nodes = [...start.nodes];
    this.constants = new Map(start.constants);
    this.types = new Map(start.types);
    this.taken = new Set([...start.constants.keys(), ...start.inputs.map((input) => input.name)]);
    for (const node of start.nodes) {
      for (const output of node.outputs) this.taken.add(output);
    }
    this.scope = {
      opset: this.opset,
      type: (name) => this.constants.get(name) ?? this.types.get(name),
      value: (name) => smallValue(this.constants.get(name)),
    };
  }

  /** For passes that build the graph anew: no node is there yet, and the name of none of them is given away. */
  static rewriting(graph: Graph): Emitter {
    const emit = new Emitter(graph);
    emit.nodes.length = 0;
    return emit;
  }

  /** Type of a value; throws where it is not known. */
  type(name: string): TensorType {
    const type = this.scope.type(name);
    if (type === undefined) throw new Error(`no type is known for the value "${name}"`);
    return type;
  }

  constantNamed(name: string): Constant | undefined {
    return this.constants.get(name);
  }

  /** One node with one output. */
  op(
    opType: SupportedOp,
    inputs: readonly string[],
    attrs: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.many(opType, inputs, 1, attrs)[0]!;
  }

  /** One node with `count` outputs. A node with the same operator, inputs and attributes is reused. */
  many(
    opType: SupportedOp,
    inputs: readonly string[],
    count: number,
    attrs: Readonly<Record<string, Attribute>> = {},
  ): readonly string[] {
    const bag = attributes(attrs);
    const key = JSON.stringify([opType, inputs, count, attributeKey(bag)]);
    const before = this.known.get(key);
    if (before !== undefined) return before;
    const outputs = Array.from({ length: count }, () => this.fresh(opType));
    const node: Node = { opType, name: outputs[0]!, inputs, outputs, attributes: bag };
    const types = inferNode(node, this.scope);
    outputs.forEach((output, i) => this.types.set(output, types[i]!));
    this.nodes.push(node);
    this.known.set(key, outputs);
    return outputs;
  }

  /** A constant; equal descriptions share a name. */
  constant(constant: Constant, hint = "constant"): string {
    const key = constantKey(constant);
    const before = key === undefined ? undefined : this.constantNames.get(key);
    if (before !== undefined) return before;
    const name = this.fresh(hint);
    this.constants.set(name, constant);
    if (key !== undefined) this.constantNames.set(key, name);
    return name;
  }

  scalar(value: number, dtype: DType = "float32"): string {
    return this.constant(constantOf(dtype, [], [value]), "scalar");
  }

  /** A one-dimensional int64 constant, as axes and shapes are passed. */
  ints(values: readonly number[]): string {
    return this.constant(constantOf("int64", [values.length], values), "ints");
  }

  /** A new graph input with a static type. */
  input(name: string, type: TensorType): string {
    if (this.taken.has(name)) throw new Error(`the graph already has a value named "${name}"`);
    this.taken.add(name);
    this.inputs.push({ name, dtype: type.dtype, dims: type.dims });
    this.types.set(name, type);
    return name;
  }

  /**
   * Name of output `index` of a node already in the graph, asking for it where it was not asked for
   * before (LayerNormalization's mean and inverse deviation, which cost nothing).
   */
  ensureOutput(node: Node, index: number): string {
    const at = this.nodes.findIndex((other) => other.outputs[0] === node.outputs[0]);
    const current = this.nodes[at];
    if (current === undefined) throw new Error(`"${node.name}" is not a node of this graph`);
    const present = current.outputs[index];
    if (present !== undefined && present !== "") return present;
    const outputs = Array.from({ length: Math.max(current.outputs.length, index + 1) }, (_, i) => {
      const name = current.outputs[i] ?? "";
      return name !== "" || i > index ? name : this.fresh(`${node.opType}_output`);
    });
    const grown: Node = { ...current, outputs };
    inferNode(grown, this.scope).forEach((type, i) => {
      if (outputs[i] !== undefined && outputs[i] !== "") this.types.set(outputs[i], type);
    });
    this.nodes[at] = grown;
    return outputs[index]!;
  }

  /** Copies a node of another graph with its own value names (for rewriting passes). */
  copy(node: Node): void {
    const types = inferNode(node, this.scope);
    node.outputs.forEach((output, i) => {
      if (output !== "") {
        this.taken.add(output);
        this.types.set(output, types[i]!);
      }
    });
    this.nodes.push(node);
  }

  /** A node once more, on other inputs; gives its outputs, "" where it has none there. */
  repeat(node: Node, inputs: readonly string[]): readonly string[] {
    const outputs = node.outputs.map((output) => (output === "" ? "" : this.fresh(output)));
    this.copy({ ...node, name: outputs[0] ?? "", inputs, outputs });
    return outputs;
  }

  /** The graph so far, with the given values as outputs. */
  finish(outputs: readonly string[]): Graph {
    return {
      opset: this.opset,
      inputs: this.inputs,
      outputs: outputs.map((name) => ({ name, ...this.type(name) })),
      nodes: this.nodes,
      constants: this.constants,
      types: this.types,
    };
  }

  /** A name nobody has yet. */
  private fresh(hint: string): string {
    let name: string;
    do name = `${hint}_${this.counter++}`;
    while (this.taken.has(name));
    this.taken.add(name);
    return name;
  }
}

function attributeKey(bag: Attributes): string {
  return JSON.stringify([...bag].map(([name, a]) => [name, a.type, a.value]));
}

/** Equal keys mean equal constants; large literal constants have none and are never merged here. */
function constantKey(constant: Constant): string | undefined {
  const head = `${constant.dtype}[${constant.dims.join(",")}]`;
  const { data } = constant;
  switch (data.kind) {
    case "bytes":
      return data.bytes.byteLength <= 512 ? `${head}=${data.bytes.join(",")}` : undefined;
    case "fill":
      return `${head}*${data.value}`;
    case "external":
      return `${head}@${data.location}:${data.offset}+${data.length}`;
    case "derived": {
      const from = constantKey(data.from);
      return from === undefined ? undefined : `${head}<${JSON.stringify(data.transform)}>${from}`;
    }
    case "joined": {
      const parts = data.parts.map(constantKey);
      return parts.includes(undefined) ? undefined : `${head}+${JSON.stringify(parts)}`;
    }
  }
}
