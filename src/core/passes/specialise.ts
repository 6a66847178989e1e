/**
 * @file Makes every shape static: fixes the inputs, types each node, and computes what depends on shapes alone,
 * so that the shape plumbing of an export disappears.
 */
import { StudioError } from "../errors.ts";
import type { DType } from "../tensor/dtype.ts";
import { ndArray, type NdArray } from "../tensor/nd-array.ts";
import { type Dims, elementCount, sameDims } from "../tensor/shape.ts";
import { intsAttribute } from "../onnx/attributes.ts";
import {
  castConstant,
  type Constant,
  constantFromArray,
  reshapeConstant,
  transposeConstant,
} from "../onnx/constant.ts";
import { SMALL, smallValue } from "../onnx/emit.ts";
import { evaluateNode } from "../onnx/evaluate.ts";
import type { Declared, Graph, Node, TensorType } from "../onnx/graph.ts";
import { inferNode, unsupportedOperator, type ValueScope } from "../onnx/infer.ts";
import { isSupported } from "../onnx/operators/supported.ts";

/** What an input is fixed to; its element type stays as declared unless given. */
export interface InputType {
  readonly dims: Dims;
  readonly dtype?: DType;
}

/** Results of more elements than this are left to the session (a causal mask of 77 x 77 is folded, a weight is not). */
const FOLD_LIMIT = 65_536;

/**
 * The graph with static inputs, every value typed, constants folded and pass-through nodes gone.
 * @param inputs every graph input by name
 * @throws StudioError where an input is not given or does not fit its declaration, an operator is unknown, or shapes disagree
 */
export function specialise(graph: Graph, inputs: Readonly<Record<string, InputType>>): Graph {
  const unsupported = graph.nodes.filter((node) => !isSupported(node.opType));
  if (unsupported.length > 0) throw unsupportedOperator(unsupported);
  const fixed = graph.inputs.map((declared) => fixedInput(declared, inputs[declared.name]));
  const folder = new Folder(graph, fixed);
  for (const node of graph.nodes) folder.visit(node);
  return folder.finish(fixed);
}

function fixedInput(declared: Declared, given: InputType | undefined): Declared {
  if (given === undefined) {
    throw new StudioError(
      "model-unsupported",
      `The model has an input "${declared.name}" that the studio does not feed; it is not a plain Stable Diffusion part.`,
    );
  }
  const fits =
    declared.dims.length === given.dims.length &&
    declared.dims.every((d, i) => typeof d !== "number" || d === given.dims[i]);
  if (!fits) {
    throw new StudioError(
      "model-unsupported",
      `The model's input "${declared.name}" is declared as [${declared.dims.map((d) => d ?? "?").join(", ")}] and cannot take [${given.dims.join(", ")}]; export it with dynamic axes or use the declared size.`,
    );
  }
  return { name: declared.name, dtype: given.dtype ?? declared.dtype, dims: given.dims };
}

/** Operators that work element by element and keep a uniform tensor uniform. */
const ELEMENTWISE: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Neg"]);

class Folder {
  private readonly nodes: Node[] = [];
  private readonly constants: Map<string, Constant>;
  private readonly types = new Map<string, TensorType>();
  /** Values that are another value under a second name. */
  private readonly aliases = new Map<string, string>();
  private readonly scope: ValueScope;
  private readonly graph: Graph;

  constructor(graph: Graph, inputs: readonly Declared[]) {
    this.graph = graph;
    this.constants = new Map(graph.constants);
    for (const { name, dtype, dims } of inputs) {
      this.types.set(name, { dtype, dims: dims as Dims });
    }
    this.scope = {
      opset: graph.opset,
      type: (name) => this.constants.get(name) ?? this.types.get(name),
      value: (name) => smallValue(this.constants.get(name)),
    };
  }

  visit(original: Node): void {
    const node: Node = {
      ...original,
      inputs: original.inputs.map((name) => this.aliases.get(name) ?? name),
    };
    const types = inferNode(node, this.scope);
    const constants = this.folded(node, types);
    node.outputs.forEach((output, i) => {
      if (output === "") return;
      const constant = constants?.[i];
      if (constant === undefined) this.types.set(output, types[i]!);
      else this.constants.set(output, constant);
    });
    if (constants !== undefined) return;
    const source = this.passedThrough(node, types[0]!);
    if (source === undefined) this.nodes.push(node);
    else this.aliases.set(node.outputs[0]!, source);
  }

  /** Outputs of a node whose value is known without running the model; undefined where it is not. */
  private folded(node: Node, types: readonly TensorType[]): Constant[] | undefined {
    if (node.opType === "Shape" || node.opType === "Size") return this.evaluated(node, types);
    const first = this.constants.get(node.inputs[0] ?? "");
    const rest = node.inputs.slice(1).every((name) => name === "" || this.constants.has(name));
    if (node.inputs.length > 0 && (first === undefined || !rest)) return undefined;
    const elements = types.reduce((sum, type) => sum + elementCount(type.dims), 0);
    // Of more numbers than other passes look into, they would not see that it is the same one throughout.
    const described = elements > SMALL ? this.uniform(node, types[0]!) : undefined;
    if (described !== undefined) return [described];
    if (elements <= FOLD_LIMIT) {
      const result = this.evaluated(node, types);
      if (result !== undefined) return result;
    }
    const derived = first === undefined ? undefined : derive(node, first, types[0]!);
    return derived === undefined ? undefined : [derived];
  }

  /**
   * An elementwise operator on constants that hold one number throughout gives such a constant again
   * (legacy exports write the unused bias of attention scores as ConstantOfShape * 0).
   */
  private uniform(node: Node, type: TensorType): Constant | undefined {
    if (node.opType === "ConstantOfShape") {
      return {
        dtype: type.dtype,
        dims: type.dims,
        data: { kind: "fill", value: evaluateFill(node) },
      };
    }
    if (!ELEMENTWISE.has(node.opType)) return undefined;
    const inputs: NdArray[] = [];
    for (const name of node.inputs) {
      const constant = this.constants.get(name);
      const value = constant === undefined ? undefined : uniformValue(constant);
      if (value === undefined) return undefined;
      inputs.push(ndArray(constant!.dtype, [], [value]));
    }
    const result = evaluateNode(node, this.graph.opset, inputs)[0]!;
    return { dtype: type.dtype, dims: type.dims, data: { kind: "fill", value: result.data[0]! } };
  }

  private evaluated(node: Node, types: readonly TensorType[]): Constant[] | undefined {
    const shapeOnly = node.opType === "Shape" || node.opType === "Size";
    const inputs: (NdArray | undefined)[] = [];
    for (const name of node.inputs) {
      const constant = this.constants.get(name);
      const type = this.scope.type(name);
      if (name === "") inputs.push(undefined);
      else if (shapeOnly && type !== undefined) {
        inputs.push({ dtype: type.dtype, dims: type.dims, data: new Float64Array(0) });
      } else {
        const value = smallValue(constant, FOLD_LIMIT);
        if (value === undefined) return undefined;
        inputs.push(value);
      }
    }
    return evaluateNode(node, this.graph.opset, inputs).map((value, i) =>
      constantFromArray({ ...value, dtype: types[i]!.dtype }),
    );
  }

  /** The input that this node hands on unchanged, if it does. */
  private passedThrough(node: Node, type: TensorType): string | undefined {
    const input = node.inputs[0]!;
    const from = this.scope.type(input)!;
    const same = from.dtype === type.dtype && sameDims(from.dims, type.dims);
    if (!same) return undefined;
    switch (node.opType) {
      case "Identity":
      case "Cast":
      case "Reshape":
      case "Expand":
      case "Squeeze":
      case "Unsqueeze":
      case "Flatten":
      case "Slice":
        return input;
      case "Transpose": {
        const perm = intsAttribute(node, "perm", null);
        return perm?.every((axis, i) => axis === i) === true ? input : undefined;
      }
      case "Concat":
        return node.inputs.length === 1 ? input : undefined;
      default:
        return undefined;
    }
  }

  finish(inputs: readonly Declared[]): Graph {
    const outputs = this.graph.outputs.map(({ name }) => {
      const type = this.scope.type(this.aliases.get(name) ?? name);
      if (type === undefined) {
        throw new StudioError("model-corrupt", `Nothing in the model makes its output "${name}".`);
      }
      return { name, ...type };
    });
    // An output that is an alias keeps its public name through an Identity.
    for (const { name } of outputs) {
      const source = this.aliases.get(name);
      if (source === undefined) continue;
      this.types.set(name, this.scope.type(source)!);
      this.nodes.push({
        opType: "Identity",
        name,
        inputs: [source],
        outputs: [name],
        attributes: new Map(),
      });
    }
    return {
      opset: this.graph.opset,
      inputs,
      outputs: outputs.map(({ name, dtype, dims }) => ({ name, dtype, dims })),
      nodes: this.nodes,
      constants: this.constants,
      types: this.types,
    };
  }
}

/** The one number a constant holds throughout, where its description alone says so. */
function uniformValue(constant: Constant): number | undefined {
  if (constant.data.kind === "fill") return constant.data.value;
  return elementCount(constant.dims) === 1 ? smallValue(constant)?.data[0] : undefined;
}

/** A large constant after a movement or a cast: a new description of the same bytes. */
function derive(node: Node, from: Constant, type: TensorType): Constant | undefined {
  switch (node.opType) {
    case "Cast":
      return castConstant(from, type.dtype);
    case "Identity":
      return from;
    case "Reshape":
    case "Squeeze":
    case "Unsqueeze":
    case "Flatten":
      return reshapeConstant(from, type.dims);
    case "Transpose": {
      const perm = intsAttribute(node, "perm", null) ?? from.dims.map((_, i) => i).reverse();
      return transposeConstant(from, perm);
    }
    default:
      return undefined;
  }
}

function evaluateFill(node: Node): number {
  const one = evaluateNode(node, 13, [ndArray("int64", [1], [1])])[0]!;
  return one.data[0]!;
}
