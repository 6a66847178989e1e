/**
 * @file Elementwise and movement work that changes nothing, removed: adding zero, multiplying by one, moves that
 * cancel, chains of scalar factors, and expressions computed twice. Exact: no value changes beyond the order of
 * two scalar multiplications.
 */
import { intsAttribute } from "../onnx/attributes.ts";
import { type Constant, constantOf } from "../onnx/constant.ts";
import { smallValue } from "../onnx/emit.ts";
import { type Graph, type Node, type TensorType, typeOf } from "../onnx/graph.ts";
import { sameDims } from "../tensor/shape.ts";
import { prune } from "./prune.ts";
import { attributesKey } from "./attributes-key.ts";

/** The graph without its no-op work; outputs keep their names. Every value's type must be known. */
export function simplify(graph: Graph): Graph {
  const simplifier = new Simplifier(graph);
  for (const node of graph.nodes) simplifier.visit(node);
  return prune(simplifier.finish());
}

class Simplifier {
  private readonly graph: Graph;
  private readonly nodes: Node[] = [];
  private readonly aliases = new Map<string, string>();
  private readonly producers = new Map<string, Node>();
  private readonly expressions = new Map<string, Node>();
  private readonly constants: Map<string, Constant>;
  private readonly outputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.constants = new Map(graph.constants);
    // Small equal constants get one name, so that equal expressions on them are recognised.
    const literals = new Map<string, string>();
    for (const [name, { data, dims, dtype }] of graph.constants) {
      if (data.kind !== "bytes" || data.bytes.byteLength > 512) continue;
      const key = `${dtype}[${dims.join()}]${data.bytes.join()}`;
      const first = literals.get(key);
      if (first === undefined) literals.set(key, name);
      else this.aliases.set(name, first);
    }
    this.outputs = new Set(graph.outputs.map((output) => output.name));
  }

  visit(original: Node): void {
    const renamed: Node = {
      ...original,
      inputs: original.inputs.map((name) => this.aliases.get(name) ?? name),
    };
    const node = this.merged(renamed);
    const output = node.outputs[0]!;
    const isOutput = node.outputs.some((name) => this.outputs.has(name));
    const source = this.unchanged(node);
    if (source !== undefined && !isOutput) {
      this.aliases.set(output, source);
      return;
    }
    const key = JSON.stringify([node.opType, node.inputs, attributesKey(node.attributes)]);
    const twin = this.expressions.get(key);
    if (twin !== undefined && !isOutput && covers(twin, node)) {
      node.outputs.forEach((name, i) => {
        if (name !== "") this.aliases.set(name, twin.outputs[i]!);
      });
      return;
    }
    if (twin === undefined) this.expressions.set(key, node);
    this.nodes.push(node);
    for (const name of node.outputs) if (name !== "") this.producers.set(name, node);
  }

  finish(): Graph {
    return { ...this.graph, nodes: this.nodes, constants: this.constants };
  }

  /** The input that the node's only output equals, element for element and in shape. */
  private unchanged(node: Node): string | undefined {
    const type = this.type(node.outputs[0]!);
    const [a, b] = node.inputs;
    const same = (name: string | undefined): string | undefined => {
      if (name === undefined) return undefined;
      const from = this.type(name);
      return from.dtype === type.dtype && sameDims(from.dims, type.dims) ? name : undefined;
    };
    switch (node.opType) {
      case "Identity":
      case "Reshape":
      case "Cast":
      case "Expand":
        return same(a);
      case "Transpose": {
        const perm = intsAttribute(node, "perm", null);
        return perm?.every((axis, i) => axis === i) === true ? a : undefined;
      }
      case "Add":
        return this.isUniform(b, 0) ? same(a) : this.isUniform(a, 0) ? same(b) : undefined;
      case "Mul":
        return this.isUniform(b, 1) ? same(a) : this.isUniform(a, 1) ? same(b) : undefined;
      case "Sub":
        return this.isUniform(b, 0) ? same(a) : undefined;
      case "Div":
      case "Pow":
        return this.isUniform(b, 1) ? same(a) : undefined;
      default:
        return undefined;
    }
  }

  /** The node with its producer folded into it where both are movements, or both scale by a constant number. */
  private merged(node: Node): Node {
    const before = this.producers.get(node.inputs[0] ?? "");
    if (before === undefined) return node;
    if (node.opType === "Reshape" && before.opType === "Reshape") {
      // Only the final shape matters; it is restated because 0 and -1 referred to the shape in between.
      const dims = this.type(node.outputs[0]!).dims;
      return { ...node, inputs: [before.inputs[0]!, this.intsConstant(dims)] };
    }
    if (node.opType === "Transpose" && before.opType === "Transpose") {
      const first = intsAttribute(before, "perm", null);
      const second = intsAttribute(node, "perm", null);
      if (first === null || second === null) return node;
      const perm = second.map((axis) => first[axis]!);
      return {
        ...node,
        inputs: [before.inputs[0]!],
        attributes: new Map([["perm", { type: "ints", value: perm }]]),
      };
    }
    if (node.opType === "Mul" && before.opType === "Mul") {
      const outer = this.scalar(node.inputs[1]);
      const inner = this.scalar(before.inputs[1]);
      if (outer === undefined || inner === undefined) return node;
      const { dtype } = this.type(node.outputs[0]!);
      return { ...node, inputs: [before.inputs[0]!, this.scalarConstant(outer * inner, dtype)] };
    }
    return node;
  }

  private type(name: string): TensorType {
    const type = this.constants.get(name) ?? typeOf(this.graph, name);
    if (type === undefined) throw new Error(`no type is known for the value "${name}"`);
    return type;
  }

  private scalar(name: string | undefined): number | undefined {
    const constant = name === undefined ? undefined : this.constants.get(name);
    return constant?.dims.length === 0 ? smallValue(constant)?.data[0] : undefined;
  }

  private isUniform(name: string | undefined, value: number): boolean {
    const constant = name === undefined ? undefined : this.constants.get(name);
    if (constant === undefined) return false;
    if (constant.data.kind === "fill") return constant.data.value === value;
    return smallValue(constant)?.data.every((x) => x === value) ?? false;
  }

  private intsConstant(values: readonly number[]): string {
    return this.named(`shape_${values.join("x")}`, constantOf("int64", [values.length], values));
  }

  private scalarConstant(value: number, dtype: TensorType["dtype"]): string {
    return this.named(`factor_${dtype}_${value}`, constantOf(dtype, [], [value]));
  }

  private named(name: string, constant: Constant): string {
    const full = `simplify/${name}`;
    this.constants.set(full, constant);
    return full;
  }
}

/** Whether every output that `node` wants is one that `twin` has. */
function covers(twin: Node, node: Node): boolean {
  return node.outputs.every((name, i) => name === "" || (twin.outputs[i] ?? "") !== "");
}
