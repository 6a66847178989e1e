/** @file The names of cross-attention layers are in the order in which the graph's blocks were found, and complete. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../tests/support/golden.ts";
import { NANO_SHAPE, NANO_STYLES, nanoModel } from "../../../tests/support/nano.ts";
import type { Constant } from "../onnx/constant.ts";
import { prepareUnet } from "../surgery/unet.ts";
import { crossAttentionNames } from "./layer-names.ts";
import { kvTensors, queryOutTensors } from "./layer-tensors.ts";

function read(path: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));
}

function namesOf(path: string): string[] {
  const config = read(path) as Record<string, unknown>;
  return crossAttentionNames({
    downBlocks: config["down_block_types"] as string[],
    upBlocks: config["up_block_types"] as string[],
    layersPerBlock: config["layers_per_block"] as number,
  });
}

describe.each(NANO_STYLES)("nano UNet, %s export", (style) => {
  it("gives every packed part the PyTorch name of the weight it was made of", async () => {
    const { graph } = await nanoModel(style, "unet");
    const unet = prepareUnet(graph, NANO_SHAPE, { queryOut: true });
    const { initializers } = read(`tests/fixtures/nano/${style}/unet.weights.json`) as {
      readonly initializers: readonly { readonly offset: number; readonly param: string }[];
    };
    const params = new Map(initializers.map(({ offset, param }) => [offset, param]));
    const paramOf = ({ data }: Constant): string | undefined => {
      if (data.kind === "derived") return paramOf(data.from);
      return data.kind === "external" ? params.get(data.offset) : undefined;
    };
    const names = namesOf("tests/fixtures/nano/unet.json");
    const kv = kvTensors({ kv: unet.kv, names });
    expect(kv.map(({ name }) => name)).toEqual(unet.kv.parts.map(({ weight }) => paramOf(weight)));
    const queryOut = queryOutTensors(unet.queryOut!, names);
    expect(queryOut.map(({ name }) => name)).toEqual(
      unet.queryOut!.parts.map(({ constant }) => paramOf(constant)),
    );
  });
});

describe("default model", () => {
  it("names exactly the layers that PyTorch has", async () => {
    const names = namesOf("public/models/toybox-256/unet/config.json");
    const golden = await readGolden("default-unet");
    const torch = golden.names.flatMap(
      (name) => /^(.*)\.to_k\.weight\.norm$/.exec(name)?.[1] ?? [],
    );
    expect(names.toSorted()).toEqual(torch.toSorted());
    expect(names.length).toBe(16);
    expect(names.slice(5, 9)).toEqual([
      "down_blocks.2.attentions.1.transformer_blocks.0.attn2",
      "mid_block.attentions.0.transformer_blocks.0.attn2",
      "up_blocks.1.attentions.0.transformer_blocks.0.attn2",
      "up_blocks.1.attentions.1.transformer_blocks.0.attn2",
    ]);
  });
});
