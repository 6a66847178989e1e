/** @file A protobuf model as a Graph: names, attributes and constants by reference; refuses what no pass could honour. */
import { StudioError } from "../errors.ts";
import { dtypeFromOnnx, type DType } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import type { Attribute } from "./attributes.ts";
import { type Constant, constantBytes, constantOf } from "./constant.ts";
import type { Declared, DeclaredDim, Graph, Node, TensorType } from "./graph.ts";
import { inOrder } from "./in-order.ts";
import { OWN_OPS } from "./operators/supported.ts";
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  TensorProto_DataLocation as DataLocation,
  type TensorProto,
  type ValueInfoProto,
} from "./proto/onnx_pb.ts";

/**
 * The graph of `model`. Constants are views of the model's bytes or references into external files.
 * @throws StudioError "model-corrupt" or "model-unsupported", naming the tensor or node.
 */
export function graphFromModel(model: ModelProto): Graph {
  const proto = model.graph;
  if (proto === undefined) throw new StudioError("model-corrupt", "The ONNX model has no graph.");
  if (model.functions.length > 0) {
    throw new StudioError(
      "model-unsupported",
      `The ONNX model defines its own functions ("${model.functions[0]!.name}"); export it with functions inlined.`,
    );
  }
  const opset = model.opsetImport.find(
    (entry) => entry.domain === "" || entry.domain === "ai.onnx",
  );
  if (opset === undefined) {
    throw new StudioError(
      "model-corrupt",
      "The ONNX model does not say which operator set it uses.",
    );
  }
  const constants = new Map<string, Constant>();
  for (const tensor of proto.initializer) constants.set(tensor.name, constantFromTensor(tensor));
  return {
    opset: Number(opset.version),
    inputs: proto.input.filter((value) => !constants.has(value.name)).map(declaredFrom),
    outputs: proto.output.map(declaredFrom),
    nodes: inOrder(proto.node.map(nodeFrom)),
    constants,
    types: staticTypes(proto),
  };
}

function nodeFrom(proto: NodeProto): Node {
  const standard = proto.domain === "" || proto.domain === "ai.onnx";
  return {
    opType:
      standard && !OWN_OPS.has(proto.opType)
        ? proto.opType
        : `${proto.domain || "ai.onnx"}::${proto.opType}`,
    name: proto.name,
    inputs: proto.input,
    outputs: proto.output,
    attributes: new Map(
      proto.attribute.map((attribute) => [attribute.name, attributeFrom(attribute)]),
    ),
  };
}

function attributeFrom(proto: AttributeProto): Attribute {
  switch (proto.type) {
    case AttributeType.INT:
      return { type: "int", value: Number(proto.i) };
    case AttributeType.FLOAT:
      return { type: "float", value: proto.f };
    case AttributeType.STRING:
      return { type: "string", value: decodeText(proto.s) };
    case AttributeType.INTS:
      return { type: "ints", value: proto.ints.map(Number) };
    case AttributeType.FLOATS:
      return { type: "floats", value: proto.floats };
    case AttributeType.STRINGS:
      return { type: "strings", value: proto.strings.map(decodeText) };
    case AttributeType.TENSOR:
      return proto.t === undefined
        ? { type: "other", value: proto }
        : { type: "tensor", value: constantFromTensor(proto.t) };
    default:
      return { type: "other", value: proto };
  }
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function elementType(onnx: number, what: string): DType {
  const dtype = dtypeFromOnnx(onnx);
  if (dtype === null) {
    throw new StudioError(
      "model-unsupported",
      `${what} has element type number ${onnx}, which the studio does not read; export the model in float32 or float16.`,
    );
  }
  return dtype;
}

function constantFromTensor(tensor: TensorProto): Constant {
  const what = `The tensor "${tensor.name}"`;
  const dtype = elementType(tensor.dataType, what);
  const dims = tensor.dims.map(Number);
  const constant: Constant = { dtype, dims, data: { kind: "fill", value: 0 } };
  const expected = constantBytes(constant);
  if (!Number.isSafeInteger(expected) || dims.some((d) => d < 0)) {
    throw new StudioError(
      "model-corrupt",
      `${what} has the impossible shape [${dims.join(", ")}].`,
    );
  }
  if (tensor.dataLocation === DataLocation.EXTERNAL) {
    return { ...constant, data: externalData(tensor, expected) };
  }
  if (tensor.rawData.byteLength > 0 || expected === 0) {
    if (tensor.rawData.byteLength !== expected) {
      throw new StudioError(
        "model-corrupt",
        `${what} holds ${tensor.rawData.byteLength} bytes where its shape [${dims.join(", ")}] needs ${expected}; fetch or export the model again.`,
      );
    }
    return { ...constant, data: { kind: "bytes", bytes: tensor.rawData } };
  }
  const values = typedValues(tensor, dtype, what, elementCount(dims));
  if (!BITS.has(dtype)) return constantOf(dtype, dims, values);
  return { ...constantOf("uint16", dims, values), dtype };
}

/** Their typed field, int32_data, holds the bits of each value. */
const BITS: ReadonlySet<DType> = new Set<DType>(["float16", "bfloat16"]);

/** Values of a tensor that uses one of the typed fields in place of raw bytes. */
function typedValues(tensor: TensorProto, dtype: DType, what: string, count: number): number[] {
  const values = [
    tensor.floatData,
    tensor.doubleData,
    tensor.int32Data,
    tensor.int64Data.map(Number),
    tensor.uint64Data.map(Number),
  ].find((field) => field.length > 0);
  if (values?.length !== count) {
    throw new StudioError(
      "model-corrupt",
      `${what} holds ${values?.length ?? 0} ${dtype} values outside raw_data where its shape needs ${count}; fetch or export the model again.`,
    );
  }
  return values;
}

function externalData(tensor: TensorProto, expected: number): Constant["data"] {
  const entries = new Map(tensor.externalData.map((entry) => [entry.key, entry.value]));
  const location = entries.get("location") ?? "";
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? expected);
  const escapes = location.startsWith("/") || location.includes("\\") || location.includes(":");
  if (location === "" || escapes || location.split("/").includes("..")) {
    throw new StudioError(
      "model-corrupt",
      `The tensor "${tensor.name}" points to an external data file outside the model's folder ("${location}").`,
    );
  }
  if (length !== expected || !Number.isSafeInteger(offset) || offset < 0) {
    throw new StudioError(
      "model-corrupt",
      `The tensor "${tensor.name}" claims ${length} bytes at ${offset} of "${location}" where its shape needs ${expected}.`,
    );
  }
  return { kind: "external", location, offset, length };
}

function declaredFrom(value: ValueInfoProto): Declared {
  const tensor = value.type?.value.case === "tensorType" ? value.type.value.value : undefined;
  if (tensor === undefined) {
    throw new StudioError(
      "model-unsupported",
      `"${value.name}" of the ONNX model is not a tensor.`,
    );
  }
  const dims = (tensor.shape?.dim ?? []).map((dim): DeclaredDim => {
    if (dim.value.case === "dimValue") return Number(dim.value.value);
    return dim.value.case === "dimParam" && dim.value.value !== "" ? dim.value.value : null;
  });
  return { name: value.name, dtype: elementType(tensor.elemType, `"${value.name}"`), dims };
}

/** Types the file itself states in full; inference replaces them once the inputs are specialised. */
function staticTypes(proto: GraphProto): Map<string, TensorType> {
  const types = new Map<string, TensorType>();
  for (const value of [...proto.input, ...proto.valueInfo, ...proto.output]) {
    const tensor = value.type?.value.case === "tensorType" ? value.type.value.value : undefined;
    const dtype = tensor === undefined ? null : dtypeFromOnnx(tensor.elemType);
    if (tensor?.shape === undefined || dtype === null) continue;
    const dims = tensor.shape.dim.map((dim) =>
      dim.value.case === "dimValue" ? Number(dim.value.value) : -1,
    );
    if (dims.every((d) => d >= 0)) types.set(value.name, { dtype, dims });
  }
  return types;
}
