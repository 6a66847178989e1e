/**
 * @file The nano model's training graph in half precision, its float16 values rounded: as near to PyTorch's float64 gradients as
 * PyTorch's own float16 is, and half as large.
 */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { readGolden } from "../../../tests/support/golden.ts";
import { goldenFeeds } from "../../../tests/support/golden-feeds.ts";
import { NANO_SHAPE, NANO_STYLES, nanoModel, type NanoPart } from "../../../tests/support/nano.ts";
import { checkStatic } from "../onnx/check.ts";
import { evaluateGraph } from "../onnx/evaluate.ts";
import type { Graph } from "../onnx/graph.ts";
import { type ExternalReader, materialise } from "../onnx/materialise.ts";
import { prepareTextEncoder, textEncoderGradient } from "../surgery/text-encoder.ts";
import { trainingGraph } from "../surgery/training-graph.ts";
import { prepareUnet } from "../surgery/unet.ts";
import { fromBytes, ndArray, type NdArray } from "../tensor/nd-array.ts";
import { executionOrder } from "./execution-order.ts";
import { halfPrecision } from "./half-precision.ts";
import { livePieces } from "./live-ranges.ts";
import { graphMemory } from "./memory.ts";
import { simplify } from "./simplify.ts";
import { specialise } from "./specialise.ts";
import { widen } from "./widen.ts";

/** Outputs of a graph, every float16 value rounded; arithmetic between is float64. */
async function rounded(
  graph: Graph,
  read: ExternalReader,
  feeds: Readonly<Record<string, { dims: readonly number[]; data: ArrayLike<number> }>>,
): Promise<Map<string, NdArray>> {
  const constants = new Map<string, NdArray>();
  for (const [name, constant] of graph.constants) {
    const bytes = await materialise(constant, read);
    constants.set(name, fromBytes(constant.dtype, constant.dims, bytes));
  }
  const arrays = Object.entries(feeds).map(([name, { dims, data }]): [string, NdArray] => [
    name,
    ndArray("float32", dims, data),
  ]);
  const names = graph.outputs.map(({ name }) => name);
  return evaluateGraph(graph, new Map(arrays), names, (name) => constants.get(name)!, true);
}

/** The loss scale that training starts with, so that what it is to prevent is prevented here. */
const SCALE = 2 ** 15;

describe.each(NANO_STYLES)("%s export", { timeout: 120_000 }, (style) => {
  it("prediction and gradients with a loss scale, beside PyTorch", async () => {
    const [golden, torch] = [await readGolden("nano-unet"), await readGolden("nano-half")];
    const model = await nanoModel(style, "unet");
    const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16 });
    const training = trainingGraph(unet, { precision: "float16" });
    checkStatic(training.graph);
    const { feeds } = await goldenFeeds(unet, model.read, golden);
    const scale = { dims: [], data: [SCALE] };
    const outputs = await rounded(training.graph, model.read, { ...feeds, loss_scale: scale });
    const gradient = outputs.get(training.gradients.get("kv")!)!.data.map((x) => x / SCALE);
    const [prediction = 0, dKv = 0] = torch.get("autocast").data;
    const got = outputs.get(training.prediction)!.data;
    // Autocast rounds fewer values: what is added and multiplied number by number it often does in float32.
    expect(relativeL2(got, golden.get("noise_pred").data)).toBeLessThan(2 * prediction);
    // Rounding the weights alone moves this model's gradient by 1.9 %: it is small and badly conditioned, and with another
    // order of the same operators lies as far away as autocast's, a little more or less (2.3 to 5.5 % were seen).
    expect(relativeL2(gradient, golden.get("d_kv_packed").data)).toBeLessThan(1.25 * dKv);
  });

  it("what waits for the backward pass takes half, and so do the weights", async () => {
    const { graph } = await nanoModel(style, "unet");
    // At 32 x 32 tensors so small that they may wait in float32 are few.
    const unet = prepareUnet(graph, { ...NANO_SHAPE, height: 32, width: 32 }, { blocks: 16 });
    const single = trainingGraph(unet).graph;
    const half = trainingGraph(unet, { precision: "float16" }).graph;
    expect(waiting(half) / waiting(single)).toBeCloseTo(0.5, 1.5);
    const [before, after] = [graphMemory(single), graphMemory(half)];
    // What is added to scores is float32; legacy exports add zeros, which are kept where they are few.
    expect(after.weights / before.weights).toBeLessThan(style === "legacy" ? 0.7 : 0.52);
    // A softmax or a norm's gradient in float32, at the fullest moment, and what is cast up for it: 0.63 was seen.
    expect(after.activations / before.activations).toBeLessThan(0.67);
  });

  it.each([
    ["vae_encoder", "sample", [1, 3, 32, 32]],
    ["vae_decoder", "latent_sample", [1, 4, 4, 4]],
  ] as const)("%s: inputs, outputs and attention are float32", async (part, input, dims) => {
    const { graph } = await nanoModel(style, part satisfies NanoPart);
    const whole = simplify(specialise(widen(graph), { [input]: { dims } }));
    const half = halfPrecision(whole);
    checkStatic(half);
    expect([half.inputs, half.outputs]).toEqual([whole.inputs, whole.outputs]);
    const kinds = new Set(half.nodes.map(({ opType, outputs }) => typesOf(half, opType, outputs)));
    expect(kinds).toContain("Conv float16");
    expect(kinds).toContain("Softmax float32");
    expect(kinds).not.toContain("Conv float32");
    expect(kinds).not.toContain("InstanceNormalization float16");
  });

  it("the text encoder and its gradient: the causal mask's lowest float32 stays one", async () => {
    const { graph } = await nanoModel(style, "text_encoder");
    const encoder = prepareTextEncoder(graph, { batch: 2, tokens: 77 });
    for (const whole of [encoder.graph, textEncoderGradient(encoder).graph]) {
      const half = halfPrecision(whole);
      checkStatic(half);
      const masks = [...half.constants.values()].filter(
        ({ dims }) => dims.at(-1) === 77 && dims.at(-2) === 77,
      );
      expect(masks.map(({ dtype }) => dtype)).not.toContain("float16");
    }
  });
});

/** Bytes of what is made before the loss and read after it. */
function waiting(graph: Graph): number {
  const order = executionOrder(graph);
  const loss = order.findIndex(({ inputs }) => inputs.includes("target"));
  return livePieces(graph, order)
    .filter(({ from, to }) => from >= 0 && from < loss && to > loss)
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

function typesOf(graph: Graph, opType: string, [output = ""]: readonly string[]): string {
  return `${opType} ${graph.types.get(output)?.dtype}`;
}
