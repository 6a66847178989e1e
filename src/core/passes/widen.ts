/** @file Half-precision graphs as float32 graphs: weights are described as widened, casts to half become casts to float32. */
import { castConstant, type Constant, constantFromArray } from "../onnx/constant.ts";
import type { Attribute } from "../onnx/attributes.ts";
import type { Declared, Graph, Node, TensorType } from "../onnx/graph.ts";
import { DTYPES, type DType } from "../tensor/dtype.ts";
import { fromBytes } from "../tensor/nd-array.ts";

const HALF: ReadonlySet<DType> = new Set<DType>(["float16", "bfloat16"]);
const HALF_NUMBERS: ReadonlySet<number> = new Set([...HALF].map((dtype) => DTYPES[dtype].onnx));

const widened = (dtype: DType): DType => (HALF.has(dtype) ? "float32" : dtype);

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

const widenConstant = (constant: Constant): Constant =>
  castConstant(constant, widened(constant.dtype));

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
    return HALF_NUMBERS.has(attribute.value)
      ? { type: "int", value: DTYPES.float32.onnx }
      : attribute;
  }
  if (attribute.type !== "tensor") return attribute;
  return { type: "tensor", value: widenLiteral(attribute.value) };
}

/** Attribute tensors are small and must stay literal: their bytes are converted at once. */
function widenLiteral(constant: Constant): Constant {
  if (!HALF.has(constant.dtype) || constant.data.kind !== "bytes") return widenConstant(constant);
  const array = fromBytes(constant.dtype, constant.dims, constant.data.bytes);
  return constantFromArray({ ...array, dtype: "float32" });
}
