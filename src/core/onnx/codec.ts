/**
 * @file ONNX files to protobuf messages and back. Unknown fields are kept, large tensors are views of the
 * file's bytes, and what was written in canonical field order comes back byte for byte.
 */
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { StudioError } from "../errors.ts";
import { type ModelProto, ModelProtoSchema } from "./proto/onnx_pb.ts";

/** protobuf's own limit; larger models keep their weights in external data files. */
const MAX_PROTOBUF_BYTES = 2 ** 31 - 1;

/**
 * Reads an ONNX file.
 * @throws StudioError "model-corrupt" where the bytes are not a whole ONNX model.
 */
export function decodeModel(bytes: Uint8Array, name = "the model"): ModelProto {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new StudioError(
      "model-corrupt",
      `${capitalised(name)} is not a whole ONNX file (it is cut short or damaged); fetch or export it again.`,
      { cause },
    );
  }
  if (model.graph === undefined || model.opsetImport.length === 0) {
    throw new StudioError(
      "model-corrupt",
      `${capitalised(name)} has no ${model.graph === undefined ? "graph" : "operator set"}: it is not an ONNX model, or it is cut short; choose the .onnx file of an exported model.`,
    );
  }
  return model;
}

/**
 * Writes an ONNX file.
 * @throws StudioError "model-unsupported" where the result would pass protobuf's limit of 2 GiB.
 */
export function encodeModel(model: ModelProto): Uint8Array {
  const inline = (model.graph?.initializer ?? []).reduce(
    (sum, tensor) => sum + tensor.rawData.byteLength,
    0,
  );
  if (inline > MAX_PROTOBUF_BYTES) {
    throw new StudioError(
      "model-unsupported",
      `The model holds ${(inline / 2 ** 30).toFixed(1)} GiB of weights, more than one ONNX file can (2 GiB); keep them in an external data file.`,
    );
  }
  return toBinary(ModelProtoSchema, model);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
