/** @file Graphs of any floating point as float32 graphs: weights are described as cast, and casts lead to float32. */
import { castConstant, type Constant, constantFromArray } from "../onnx/constant.ts";
import { SMALL } from "../onnx/emit.ts";
import type { Attribute } from "../onnx/attributes.ts";
import type { Declared, Graph, Node, TensorType } from "../onnx/graph.ts";
import { DTYPES, type DType } from "../tensor/dtype.ts";
import { fromBytes } from "../tensor/nd-array.ts";
import { elementCount } from "../tensor/shape.ts";

/**
 * float64 among them: the TorchScript exporter has a half-precision LayerNorm compute its squares so, for range alone,
 * and no GPU has it.
 */
const OTHERS: ReadonlySet<DType> = new Set<DType>(["float16", "bfloat16", "float64"]);
const OTHER_NUMBERS: ReadonlySet<number> = new Set([...OTHERS].map((dtype) => DTYPES[dtype].onnx));

const widened = (dtype: DType): DType => (OTHERS.has(dtype) ? "float32" : dtype);

/**
 * The same graph in float32. Weights stored in half precision keep their exact values; the arithmetic
 * becomes at least as precise as it was. For backends that compute half precision slowly or not at all.
 */
export function widen(graph: Graph): Graph {
  return {
    ...graph,
    inputs: graph.inputs.map(widenDeclared),
    outputs: graph.outputs.map(widenDeclared),
    nodes: graph.nodes.map(widenNode),
    constants: new Map([...graph.constants].map(([name, c]) => [name, widenConstant(c)])),
    types: new Map(
      [...graph.types].map(([name, t]): [string, TensorType] => [
        name,
        { dtype: widened(t.dtype), dims: t.dims },
      ]),
    ),
  };
}

const widenDeclared = (value: Declared): Declared => ({ ...value, dtype: widened(value.dtype) });

/** Small ones are converted at once, so that other passes can look into them. */
function widenConstant(constant: Constant): Constant {
  return elementCount(constant.dims) <= SMALL
    ? widenLiteral(constant)
    : castConstant(constant, widened(constant.dtype));
}

function widenNode(node: Node): Node {
  if (node.attributes.size === 0) return node;
  const attributes = new Map(
    [...node.attributes].map(([name, attribute]): [string, Attribute] => [
      name,
      widenAttribute(node, name, attribute),
    ]),
  );
  return { ...node, attributes };
}

function widenAttribute(node: Node, name: string, attribute: Attribute): Attribute {
  if (node.opType === "Cast" && name === "to" && attribute.type === "int") {
    return OTHER_NUMBERS.has(attribute.value)
      ? { type: "int", value: DTYPES.float32.onnx }
      : attribute;
  }
  if (attribute.type !== "tensor") return attribute;
  // Attribute tensors must stay literal.
  return { type: "tensor", value: widenLiteral(attribute.value) };
}

function widenLiteral(constant: Constant): Constant {
  const dtype = widened(constant.dtype);
  const { data, dims } = constant;
  if (dtype === constant.dtype || data.kind !== "bytes") return castConstant(constant, dtype);
  return constantFromArray({ ...fromBytes(constant.dtype, dims, data.bytes), dtype });
}
