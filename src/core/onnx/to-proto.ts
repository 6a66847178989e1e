/** @file A Graph as a protobuf model; large constants become references to external data, small ones are written out. */
import { create } from "@bufbuild/protobuf";
import { DTYPES } from "../tensor/dtype.ts";
import { elementCount } from "../tensor/shape.ts";
import type { Attribute } from "./attributes.ts";
import { type Constant, constantBytes, constantOf } from "./constant.ts";
import type { Declared, Graph, Node } from "./graph.ts";
import {
  AttributeProto_AttributeType as AttributeType,
  type AttributeProto,
  AttributeProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataLocation as DataLocation,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "./proto/onnx_pb.ts";

/** Constants of at least this many bytes leave the protobuf. */
const EXTERNAL_FROM = 1024;

export interface ExternalConstant {
  /** Name of the one-tensor external file. */
  readonly path: string;
  readonly constant: Constant;
}

export interface WrittenModel {
  readonly model: ModelProto;
  /** One external "file" a large constant, to be handed to the session beside the model. */
  readonly external: readonly ExternalConstant[];
}

/** IR version 10 goes with operator sets up to 21, all that the exporters in use write. */
const IR_VERSION = 10n;

export function modelFromGraph(graph: Graph, name = "graph"): WrittenModel {
  const external: ExternalConstant[] = [];
  const initializer = [...graph.constants].map(([constantName, constant]) => {
    const inline = inlined(constant);
    if (inline !== undefined) return literalTensor(constantName, inline);
    const path = `w${external.length}`;
    external.push({ path, constant });
    return externalTensor(constantName, constant, path);
  });
  const model = create(ModelProtoSchema, {
    irVersion: IR_VERSION,
    producerName: "custom-diffusion-studio",
    opsetImport: [
      { domain: "", version: BigInt(graph.opset) },
      // The studio's own operators are written as one of onnxruntime's domain, which has only version 1.
      ...otherDomains(graph).map((domain) => ({ domain, version: 1n })),
    ],
    graph: {
      name,
      node: graph.nodes.map(nodeProto),
      initializer,
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
  });
  return { model, external };
}

function otherDomains({ nodes }: Graph): string[] {
  const domains = nodes.map(({ opType }) => /^(.+)::/.exec(opType)?.[1] ?? "");
  return [...new Set(domains)].filter((domain) => domain !== "");
}

/** The constant with its bytes at hand where it is small enough to be written out. */
function inlined(constant: Constant): Constant | undefined {
  const { data, dims, dtype } = constant;
  if (constantBytes(constant) >= EXTERNAL_FROM) return undefined;
  if (data.kind === "bytes") return constant;
  if (data.kind === "fill") {
    return constantOf(dtype, dims, new Float64Array(elementCount(dims)).fill(data.value));
  }
  return undefined;
}

function literalTensor(name: string, { data, dims, dtype }: Constant): TensorProto {
  if (data.kind !== "bytes") throw new Error(`constant "${name}" has no bytes at hand`);
  return create(TensorProtoSchema, {
    name,
    dataType: DTYPES[dtype].onnx,
    dims: dims.map(BigInt),
    rawData: data.bytes,
  });
}

function externalTensor(name: string, constant: Constant, location: string): TensorProto {
  return create(TensorProtoSchema, {
    name,
    dataType: DTYPES[constant.dtype].onnx,
    dims: constant.dims.map(BigInt),
    dataLocation: DataLocation.EXTERNAL,
    externalData: [
      { key: "location", value: location },
      { key: "offset", value: "0" },
      { key: "length", value: String(constantBytes(constant)) },
    ],
  });
}

function nodeProto(node: Node): NodeProto {
  const separator = node.opType.indexOf("::");
  return create(NodeProtoSchema, {
    name: node.name,
    opType: separator < 0 ? node.opType : node.opType.slice(separator + 2),
    domain: separator < 0 ? "" : node.opType.slice(0, separator),
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: [...node.attributes].map(([name, attribute]) => attributeProto(name, attribute)),
  });
}

function attributeProto(name: string, attribute: Attribute): AttributeProto {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  switch (attribute.type) {
    case "int":
      return create(AttributeProtoSchema, {
        name,
        type: AttributeType.INT,
        i: BigInt(attribute.value),
      });
    case "float":
      return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: attribute.value });
    case "string":
      return create(AttributeProtoSchema, {
        name,
        type: AttributeType.STRING,
        s: text(attribute.value),
      });
    case "ints":
      return create(AttributeProtoSchema, {
        name,
        type: AttributeType.INTS,
        ints: attribute.value.map(BigInt),
      });
    case "floats":
      return create(AttributeProtoSchema, {
        name,
        type: AttributeType.FLOATS,
        floats: [...attribute.value],
      });
    case "strings":
      return create(AttributeProtoSchema, {
        name,
        type: AttributeType.STRINGS,
        strings: attribute.value.map(text),
      });
    case "tensor":
      return create(AttributeProtoSchema, {
        name,
        type: AttributeType.TENSOR,
        t: literalTensor("", attribute.value),
      });
    case "other":
      return attribute.value;
  }
}

function valueInfo(value: Declared): ValueInfoProto {
  return create(ValueInfoProtoSchema, {
    name: value.name,
    type: {
      value: {
        case: "tensorType",
        value: {
          elemType: DTYPES[value.dtype].onnx,
          shape: {
            dim: value.dims.map((dim) => ({
              value:
                typeof dim === "number"
                  ? { case: "dimValue" as const, value: BigInt(dim) }
                  : dim === null
                    ? { case: undefined }
                    : { case: "dimParam" as const, value: dim },
            })),
          },
        },
      },
    },
  });
}
