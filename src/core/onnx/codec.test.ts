/** @file Files come back byte for byte, unknown fields included; damage of any kind is one clear sentence. */
import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { readFile } from "node:fs/promises";
import { NANO_STYLES, nanoModel, type NanoPart } from "../../../tests/support/nano.ts";
import { StudioError } from "../errors.ts";
import { decodeModel, encodeModel } from "./codec.ts";
import { ModelProtoSchema } from "./proto/onnx_pb.ts";

const PARTS: readonly NanoPart[] = ["unet", "text_encoder", "vae_encoder", "vae_decoder"];

describe.each(NANO_STYLES)("%s export", (style) => {
  it.each(PARTS)("%s round-trips byte for byte", async (part) => {
    const { bytes } = await nanoModel(style, part);
    expect(Buffer.compare(encodeModel(decodeModel(bytes)), bytes)).toBe(0);
  });
});

describe("the default model", () => {
  it.each(PARTS)("%s round-trips byte for byte", async (part) => {
    const path = new URL(`../../../public/models/toybox-256/${part}/model.onnx`, import.meta.url);
    const bytes = await readFile(path);
    expect(Buffer.compare(encodeModel(decodeModel(bytes)), bytes)).toBe(0);
  });

  it("keeps its weights as views of the file", async () => {
    const path = new URL(`../../../public/models/toybox-256/unet/model.onnx`, import.meta.url);
    const bytes = await readFile(path);
    const tensors = decodeModel(bytes).graph!.initializer.filter((t) => t.rawData.byteLength > 64);
    expect(tensors.length).toBeGreaterThan(100);
    for (const { rawData } of tensors) expect(rawData.buffer).toBe(bytes.buffer);
  });
});

describe("unknown fields", () => {
  it("survive at every depth", () => {
    // Field 1000 (varint 7) after an ordinary message, in the model and in its graph.
    const unknown = Uint8Array.of(0xc0, 0x3e, 0x07);
    const graph = Uint8Array.of(0x12, 0x01, 0x67, ...unknown);
    const model = Uint8Array.of(
      ...[0x08, 0x0a],
      ...[0x3a, graph.length, ...graph],
      ...[0x42, 0x02, 0x10, 0x11],
      ...unknown,
    );
    expect([...encodeModel(decodeModel(model))]).toEqual([...model]);
  });
});

describe("damaged files", () => {
  const refusal = (bytes: Uint8Array): StudioError => {
    try {
      decodeModel(bytes, "the UNet");
    } catch (error) {
      if (error instanceof StudioError) return error;
      throw error;
    }
    throw new Error("the damaged file was accepted");
  };

  it.each([0.1, 0.5, 0.9, 0.999])("a file cut to %s of its length is refused", async (share) => {
    const { bytes } = await nanoModel("dynamo", "unet");
    const error = refusal(bytes.subarray(0, Math.floor(bytes.length * share)));
    expect(error.code).toBe("model-corrupt");
    expect(error.message).toMatch(/^The UNet .*cut short.*again\.$/);
  });

  it("text, noise and emptiness are refused", () => {
    const noise = Uint8Array.from({ length: 4096 }, (_, i) => (i * 193 + 71) & 0xff);
    for (const bytes of [
      new TextEncoder().encode("<!doctype html><p>404"),
      noise,
      new Uint8Array(),
    ]) {
      expect(refusal(bytes).code).toBe("model-corrupt");
    }
  });

  it("a model without a graph is refused", () => {
    expect(refusal(toBinary(ModelProtoSchema, create(ModelProtoSchema, {}))).message).toContain(
      "has no graph",
    );
  });
});
