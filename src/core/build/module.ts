/**
 * @file Puts a graph together as PyTorch's modules nest: a module has a path, and its parameters are named after it.
 * Shapes are left open, as exporters leave them; specialisation fixes them.
 */
import { type Attribute, attributes } from "../onnx/attributes.ts";
import { castConstant, type Constant, constantOf } from "../onnx/constant.ts";
import type { Declared, DeclaredDim, Graph, Node } from "../onnx/graph.ts";
import type { SupportedOp } from "../onnx/operators/supported.ts";
import type { DType } from "../tensor/dtype.ts";
import type { Dims } from "../tensor/shape.ts";
import type { Weights } from "./weights.ts";

/** Version of the operator set that is emitted: that of exporters' today. */
const OPSET = 18;

/** Literals of more numbers than this are not named after them. */
const MANY = 64;

/** The graph that all modules of a model write into. */
class Parts {
  readonly weights: Weights;
  readonly inputs: Declared[] = [];
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Constant>();
  private readonly counts = new Map<string, number>();

  constructor(weights: Weights) {
    this.weights = weights;
  }

  fresh(hint: string): string {
    const count = this.counts.get(hint) ?? 0;
    this.counts.set(hint, count + 1);
    return `${hint}_${count}`;
  }
}

export class Module {
  private readonly parts: Parts;
  private readonly path: string;

  private constructor(parts: Parts, path: string) {
    this.parts = parts;
    this.path = path;
  }

  /** A model without anything in it. */
  static root(weights: Weights): Module {
    return new Module(new Parts(weights), "");
  }

  /** The module inside of this one: "down_blocks.0". */
  at(path: string): Module {
    return new Module(this.parts, this.path === "" ? path : `${this.path}.${path}`);
  }

  /** A parameter of this module in float32, whatever the file has, perhaps transposed or reshaped. */
  parameter(
    name: string,
    dims: Dims,
    as: (constant: Constant) => Constant = (same) => same,
  ): string {
    const whole = this.at(name).path;
    const stored = castConstant(this.parts.weights(whole, dims), "float32");
    return this.constant(whole, as(stored));
  }

  input(name: string, dtype: DType, dims: readonly DeclaredDim[]): string {
    this.parts.inputs.push({ name, dtype, dims });
    return name;
  }

  scalar(value: number): string {
    return this.literal([], [value]);
  }

  /** Numbers that no file has. */
  literal(dims: Dims, values: readonly number[], dtype: DType = "float32"): string {
    const own = values.length > MANY ? this.parts.fresh("many") : values.join("_");
    const name = `${dtype}_${dims.join("x")}_${own}`;
    return this.constant(name, constantOf(dtype, dims, values));
  }

  /** A one-dimensional int64 constant. */
  ints(values: readonly number[]): string {
    return this.literal([values.length], values, "int64");
  }

  /** A node with one output. */
  op(
    opType: SupportedOp,
    inputs: readonly string[],
    attrs: Readonly<Record<string, Attribute>> = {},
  ): string {
    return this.many(opType, inputs, 1, attrs)[0]!;
  }

  many(
    opType: SupportedOp,
    inputs: readonly string[],
    count: number,
    attrs: Readonly<Record<string, Attribute>> = {},
  ): readonly string[] {
    const outputs = Array.from({ length: count }, () => this.parts.fresh(opType));
    const name = this.path === "" ? outputs[0]! : `${this.path}/${outputs[0]!}`;
    this.parts.nodes.push({ opType, name, inputs, outputs, attributes: attributes(attrs) });
    return outputs;
  }

  /**
   * The graph with one output.
   * @param value becomes `name`
   */
  finish(value: string, name: string, dims: readonly DeclaredDim[]): Graph {
    const { inputs, nodes, constants } = this.parts;
    const renamed = (one: string): string => (one === value ? name : one);
    return {
      opset: OPSET,
      inputs,
      outputs: [{ name, dtype: "float32", dims }],
      nodes: nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(renamed),
        outputs: node.outputs.map(renamed),
      })),
      constants,
      types: new Map(),
    };
  }

  private constant(name: string, constant: Constant): string {
    this.parts.constants.set(name, constant);
    return name;
  }
}
