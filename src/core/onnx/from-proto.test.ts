/** @file What converters write, beside what exporters do: nodes in any order, half precision in a typed field. */
import { describe, expect, it } from "vitest";
import { create } from "@bufbuild/protobuf";
import { nanoModel } from "../../../tests/support/nano.ts";
import { StudioError } from "../errors.ts";
import { checkNames } from "./check.ts";
import { decodeModel } from "./codec.ts";
import { smallValue } from "./emit.ts";
import { graphFromModel } from "./from-proto.ts";
import type { Graph } from "./graph.ts";
import {
  type ModelProto,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  TensorProtoSchema,
} from "./proto/onnx_pb.ts";

describe("nodes", () => {
  async function unet(change: (model: ModelProto) => void): Promise<Graph> {
    const model = decodeModel((await nanoModel("legacy", "unet")).bytes);
    change(model);
    return graphFromModel(model);
  }

  it("stay in the order of a file that is in order", async () => {
    const model = decodeModel((await nanoModel("legacy", "unet")).bytes);
    const names = model.graph!.node.map(({ name }) => name);
    expect(graphFromModel(model).nodes.map(({ name }) => name)).toEqual(names);
  });

  it("are put in order, the last that come first included", async () => {
    const graph = await unet((model) => model.graph!.node.reverse());
    checkNames(graph);
    expect(graph.nodes.length).toBe((await unet(() => undefined)).nodes.length);
  });

  it("of a circle are refused", async () => {
    const graph = await unet((model) => {
      const nodes = model.graph!.node;
      const last = nodes.at(-1)!.output[0]!;
      nodes.find(({ opType }) => opType === "Conv")!.input[0] = last;
    });
    expect(() => checkNames(graph)).toThrow(StudioError);
    expect(() => checkNames(graph)).toThrow("which nothing before it makes");
  });
});

describe("half precision in int32_data", () => {
  /** float16 of 1, -2 and 65504 by their bits. */
  const model = (int32Data: number[]): ModelProto =>
    create(ModelProtoSchema, {
      opsetImport: [create(OperatorSetIdProtoSchema, { version: 14n })],
      graph: {
        initializer: [
          create(TensorProtoSchema, { name: "w", dataType: 10, dims: [3n], int32Data }),
        ],
      },
    });

  it("is read as bits", () => {
    const graph = graphFromModel(model([0x3c00, 0xc000, 0x7bff]));
    expect([...smallValue(graph.constants.get("w"))!.data]).toEqual([1, -2, 65504]);
  });

  it("of another number of elements is refused", () => {
    expect(() => graphFromModel(model([0x3c00]))).toThrow("holds 1 float16 values");
  });
});
