/**
 * @file Stable Diffusion 1.5 and 2.1 at full size, as both exporters write them: folded, cut at K and V, differentiated.
 * Counts are PyTorch's (tools/make_structures.py); weights are named by the graphs and nowhere to be read.
 */
import { describe, expect, it } from "vitest";
import {
  parameterCount,
  structure,
  structureCounts,
  type StructureModel,
  type StructureStyle,
} from "../../../tests/support/structures.ts";
import { checkStatic } from "../onnx/check.ts";
import type { Graph } from "../onnx/graph.ts";
import { simplify } from "../passes/simplify.ts";
import { specialise } from "../passes/specialise.ts";
import { widen } from "../passes/widen.ts";
import { type Dims, elementCount } from "../tensor/shape.ts";
import { EMBEDS_INPUT, prepareTextEncoder, textEncoderGradient } from "./text-encoder.ts";
import { trainingGraph } from "./training-graph.ts";
import { prepareUnet, type UnetShape } from "./unet.ts";

/** Latent side and text width as the models' configuration files have them. */
const SIZES = { sd15: { side: 64, textWidth: 768 }, sd21: { side: 96, textWidth: 1024 } } as const;

const shapeOf = (model: StructureModel, batch: number): UnetShape => {
  const { side, textWidth } = SIZES[model];
  return { batch, height: side, width: side, tokens: 77, textWidth };
};

/** Channels of the 16 cross-attention blocks in order of execution. */
const CHANNELS = [
  ...[320, 320, 640, 640, 1280, 1280, 1280],
  ...[1280, 1280, 1280, 640, 640, 640, 320, 320, 320],
];

/** Shape arithmetic and everything else that static shapes leave nothing of. */
const PLUMBING = new Set([
  ...["Shape", "Gather", "Constant", "ConstantOfShape", "Cast"],
  ...["Where", "Equal", "Expand", "Range", "Size", "Sin", "Cos"],
]);

const plumbing = ({ nodes }: Graph): string[] =>
  nodes.map(({ opType }) => opType).filter((opType) => PLUMBING.has(opType));

/** Seconds are enough on an idle machine. */
const SLOW = { timeout: 60_000 };

/** Nodes as exported, of the forward graph and of the training graph at the most. */
const UNETS: readonly [StructureModel, StructureStyle, number, number, number][] = [
  ["sd15", "legacy", 7858, 1896, 6017],
  ["sd15", "dynamo", 1966, 1474, 5547],
  ["sd15", "legacy-fp16", 7954, 1896, 6049],
  ["sd15", "legacy-converted-fp16", 7861, 1897, 6050],
  ["sd21", "legacy", 7954, 1928, 6049],
  ["sd21", "dynamo", 1998, 1506, 5579],
];

describe.each(UNETS)(
  "the UNet of %s, %s export",
  SLOW,
  (model, style, exported, forward, training) => {
    const read = structure(model, style, "unet");
    const shape = shapeOf(model, 1);
    const { side, textWidth } = SIZES[model];

    it("folds to a static graph of float32 that is cut at all 16 blocks", async () => {
      const graph = await read;
      expect(graph.nodes.length).toBe(exported);
      const unet = prepareUnet(graph, shape, { blocks: 16 });
      checkStatic(unet.graph);
      expect(unet.graph.inputs).toEqual([
        { name: "sample", dtype: "float32", dims: [1, 4, side, side] },
        { name: "time_features", dtype: "float32", dims: [1, 320] },
        { name: "kv", dtype: "float32", dims: [1, 77, 24_960] },
      ]);
      expect(unet.graph.types.get(unet.prediction)?.dims).toEqual([1, 4, side, side]);
      expect(plumbing(unet.graph)).toEqual([]);
      expect(unet.graph.nodes.length).toBeLessThanOrEqual(forward);
      const types = new Set([...unet.graph.types.values()].map(({ dtype }) => dtype));
      expect(types).toEqual(new Set(["float32"]));

      expect(unet.kv.parts.map(({ width }) => width)).toEqual(CHANNELS.flatMap((c) => [c, c]));
      expect(unet.kv.textWidth).toBe(textWidth);
      const weights = unet.kv.parts.map(({ weight }) => weight);
      expect(weights.map(({ dims }) => dims)).toEqual(
        CHANNELS.flatMap((c) => [
          [textWidth, c],
          [textWidth, c],
        ]),
      );
      const counts = await structureCounts(model);
      expect(parameterCount(weights)).toBe(counts.keysAndValues);
      expect(parameterCount([...unet.graph.constants.values(), ...weights])).toBe(counts.unet);
    });

    it("is differentiated with respect to keys and values", async () => {
      const unet = prepareUnet(await read, shape, { blocks: 16 });
      const { graph, gradients, loss } = trainingGraph(unet);
      checkStatic(graph);
      expect(graph.types.get(gradients.get("kv")!)?.dims).toEqual([1, 77, 24_960]);
      expect(graph.types.get(loss)?.dims).toEqual([1]);
      expect(plumbing(graph).filter((opType) => opType !== "Expand")).toEqual([]);
      expect(graph.nodes.length).toBeLessThanOrEqual(training);
    });

    it("has no larger tensor than the scores of so many heads as are allowed, one at least", async () => {
      const attentionBytes = 2 ** 28;
      const unet = prepareUnet(await read, shape, { blocks: 16 });
      const { graph } = trainingGraph(unet, { attentionBytes });
      checkStatic(graph);
      const made = graph.nodes.flatMap(({ outputs }) => outputs.filter((name) => name !== ""));
      const sizes = made.map((name) => 4 * elementCount(graph.types.get(name)!.dims));
      const oneHead = 4 * side ** 4;
      expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(attentionBytes, oneHead));
    });

    it("is differentiated with respect to the face mode's projections, two samples at a time", async () => {
      const unet = prepareUnet(await read, shapeOf(model, 2), { blocks: 16, queryOut: true });
      // 2 C² + C for each block.
      const length = CHANNELS.reduce((sum, c) => sum + 2 * c * c + c, 0);
      expect(unet.queryOut?.length).toBe(length);
      const { graph, gradients } = trainingGraph(unet);
      checkStatic(graph);
      expect(graph.types.get(gradients.get("kv")!)?.dims).toEqual([2, 77, 24_960]);
      expect(graph.types.get(gradients.get("query_out")!)?.dims).toEqual([length]);
    });
  },
);

/** Nodes of encoder and gradient at the most. */
const TEXT_ENCODERS: readonly [StructureModel, StructureStyle, number, number][] = [
  ["sd15", "legacy", 587, 1467],
  ["sd15", "dynamo", 387, 1267],
  ["sd21", "legacy", 1161, 2833],
  ["sd21", "dynamo", 785, 2434],
];

describe.each(TEXT_ENCODERS)(
  "the text encoder of %s, %s export",
  SLOW,
  (model, style, nodes, most) => {
    it("is cut at its embeddings and differentiated back to them", async () => {
      const { textWidth } = SIZES[model];
      const counts = await structureCounts(model);
      const exported = await structure(model, style, "text_encoder");
      const encoder = prepareTextEncoder(exported, { batch: 1, tokens: 77 });
      checkStatic(encoder.graph);
      const embeds = { name: EMBEDS_INPUT, dtype: "float32", dims: [1, 77, textWidth] };
      expect(encoder.graph.inputs).toEqual([embeds]);
      expect(encoder.graph.types.get(encoder.hidden)?.dims).toEqual(embeds.dims);
      expect(encoder.embeddings.dims).toEqual([49_408, textWidth]);
      expect(parameterCount([...encoder.graph.constants.values(), encoder.embeddings])).toBe(
        counts.text_encoder,
      );
      expect(encoder.graph.nodes.length).toBeLessThanOrEqual(nodes);

      const { graph, gradient } = textEncoderGradient(encoder);
      checkStatic(graph);
      expect(graph.types.get(gradient)?.dims).toEqual(embeds.dims);
      expect(graph.nodes.length).toBeLessThanOrEqual(most);
    });
  },
);

/** Nodes of encoder and decoder at the most. */
const VAES: readonly [StructureModel, StructureStyle, number, number][] = [
  ["sd15", "legacy", 218, 286],
  ["sd15", "dynamo", 218, 289],
  ["sd21", "legacy", 218, 286],
  ["sd21", "dynamo", 218, 289],
];

describe.each(VAES)("the VAE of %s, %s export", SLOW, (model, style, encoder, decoder) => {
  const { side } = SIZES[model];
  const pixels = 8 * side;

  async function folded(part: "vae_encoder" | "vae_decoder", dims: Dims): Promise<Graph> {
    const graph = widen(await structure(model, style, part));
    const name = graph.inputs[0]!.name;
    const clean = simplify(specialise(graph, { [name]: { dims } }));
    checkStatic(clean);
    expect(plumbing(clean)).toEqual([]);
    const counts = await structureCounts(model);
    expect(parameterCount(clean.constants.values())).toBe(counts[part]);
    return clean;
  }

  it("folds for pictures of the model's size, and back", async () => {
    const there = await folded("vae_encoder", [1, 3, pixels, pixels]);
    expect(there.outputs.map(({ dims }) => dims)).toEqual([[1, 8, side, side]]);
    expect(there.nodes.length).toBeLessThanOrEqual(encoder);
    const back = await folded("vae_decoder", [1, 4, side, side]);
    expect(back.outputs.map(({ dims }) => dims)).toEqual([[1, 3, pixels, pixels]]);
    expect(back.nodes.length).toBeLessThanOrEqual(decoder);
  });
});
