/** @file What is said where a part of a model is not there. */
import { describe, expect, it } from "vitest";
import { filesOf } from "../../../tests/support/diffusers-files.ts";
import { readGraph } from "./read-model.ts";

const nothing = filesOf(new Map());

describe("a part that a model has not", () => {
  it.each([
    ["unet", /no file "unet\/model\.onnx", nor unet\/diffusion_pytorch_model\.safetensors/],
    ["vae_decoder", /no file "vae_decoder\/model\.onnx", nor vae\/diffusion_pytorch_model/],
    ["vae_encoder", /no VAE encoder, so it paints but cannot learn from photos/],
  ] as const)("is named: %s", async (part, sentence) => {
    await expect(readGraph(nothing, part)).rejects.toMatchObject({ code: "model-not-found" });
    await expect(readGraph(nothing, part)).rejects.toThrow(sentence);
  });
});
