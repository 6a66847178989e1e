/**
 * @file The default model at batch 4 and 256 px: all 32 K/V gradients, the gradient of the text features and that of
 * the token row agree with PyTorch autograd (diffusers' CustomDiffusionAttnProcessor, the start token detached), in float32
 * and in float16 with a loss scale.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../tests/support/compare.ts";
import { type Golden, readGolden } from "../../tests/support/golden.ts";
import { goldenFeeds } from "../../tests/support/golden-feeds.ts";
import { pytorchWeight } from "../../tests/support/kv-weights.ts";
import { countSketch } from "../../tests/support/seeded.ts";
import { decodeModel } from "../core/onnx/codec.ts";
import { optimisationsWithout } from "../core/optimisations.ts";
import { graphFromModel } from "../core/onnx/from-proto.ts";
import { materialiseFloat32 } from "../core/onnx/materialise.ts";
import type { KvLayout } from "../core/surgery/kv-layout.ts";
import { projectKvBackward } from "../core/surgery/kv-projection.ts";
import { prepareTextEncoder, textEncoderGradient } from "../core/surgery/text-encoder.ts";
import { trainingGraph } from "../core/surgery/training-graph.ts";
import { prepareUnet } from "../core/surgery/unet.ts";
import { folderFiles } from "../hub/folder-files.ts";
import { externalReader, readRequired } from "../hub/model-files.ts";
import { nodeRuntime } from "./ort/runtime-node.ts";
import { Session } from "./ort/session.ts";
import type { HostTensor } from "./tensor.ts";

const files = folderFiles(new URL("../../public/models/toybox-256", import.meta.url).pathname);
async function graphOf(part: string) {
  return graphFromModel(decodeModel(await readRequired(files, `${part}/model.onnx`)));
}

const CASES = [
  /**
   * float32 through forward and backward of the whole model against float64 PyTorch: about 1e-5 was seen. The distance
   * is estimated on count sketches of 1,024 numbers, which is right to about 2 % of itself.
   */
  { precision: "float32", tolerance: 1e-4, scale: 1, without: "" },
  /** Values rounded to 11 bits, sums in float32 (on a GPU they are not): 2.1e-3 was seen. Operators of our own are float32 alone. */
  { precision: "float16", tolerance: 1e-2, scale: 2 ** 15, without: "all" },
] as const;

describe.each(CASES)("default model, batch 4, wasm, $precision", (of) => {
  const { tolerance, scale } = of;
  let golden: Golden;
  let hidden: HostTensor;
  let dRow: Float64Array;
  let dC: Float64Array;
  let packed: { readonly dW: Float64Array; readonly layout: KvLayout };
  let outputs: {
    readonly prediction: Float32Array;
    readonly loss: Float32Array;
    readonly dKv: Float32Array;
  };

  beforeAll(async () => {
    const runtime = nodeRuntime(2, optimisationsWithout(of.without));
    golden = await readGolden("default-unet");
    const ids = [...golden.get("input_ids").data];
    const encoder = prepareTextEncoder(await graphOf("text_encoder"), { batch: 4, tokens: 77 });
    const backward = textEncoderGradient(encoder);
    const readText = externalReader(files, "text_encoder");
    const table = await materialiseFloat32(encoder.embeddings, readText);
    const [vocabulary, width] = encoder.embeddings.dims as [number, number];
    const row = Float32Array.from(golden.get("v_star_row").data);
    const embeds = new Float32Array(ids.length * width);
    ids.forEach((id, i) => {
      embeds.set(id === vocabulary ? row : table.subarray(id * width, (id + 1) * width), i * width);
    });
    const text = await Session.create(runtime, backward.graph, readText, {
      name: "the text encoder",
    });
    const feed = { dims: [4, 77, width], data: embeds };
    const zero = { dims: [4, 77, width], data: new Float32Array(embeds.length) };
    hidden = (await text.run({ inputs_embeds: feed, d_hidden: zero }))[backward.hidden]!;

    const shape = { batch: 4, height: 32, width: 32, tokens: 77, textWidth: width };
    const unet = prepareUnet(await graphOf("unet"), shape, { blocks: 16 });
    const training = trainingGraph(unet, { precision: of.precision });
    const readUnet = externalReader(files, "unet");
    const session = await Session.create(runtime, training.graph, readUnet, {
      name: "the training graph",
    });
    const features = Float32Array.from(hidden.data);
    const inputs = await goldenFeeds(unet, readUnet, golden, features);
    const lossScale = { dims: [], data: Float32Array.of(scale) };
    const out = await session.run({ ...inputs.feeds, loss_scale: lossScale });
    await session.release();
    const scaled = out[training.gradients.get("kv")!]!.data as Float32Array;
    const dKv = scaled.map((x) => x / scale);
    outputs = {
      prediction: out[training.prediction]!.data as Float32Array,
      loss: out[training.loss]!.data as Float32Array,
      dKv,
    };
    const projection = projectKvBackward(features, inputs.weights, dKv, inputs.shape);
    packed = { dW: projection.dW, layout: unet.kv };
    dC = projection.dC;
    const dEmbeds = (
      await text.run({
        inputs_embeds: feed,
        d_hidden: { dims: [4, 77, width], data: Float32Array.from(dC) },
      })
    )[backward.gradient]!.data;
    await text.release();
    dRow = new Float64Array(width);
    ids.forEach((id, i) => {
      if (id !== vocabulary) return;
      for (let e = 0; e < width; e++) dRow[e]! += dEmbeds[i * width + e]!;
    });
  });

  const sketchError = (name: string, values: ArrayLike<number>): number =>
    relativeL2(countSketch(name, values), golden.get(`${name}.sketch`).data);

  it("encodes the captions, V* included", () => {
    expect(sketchError("last_hidden_state", hidden.data)).toBeLessThan(tolerance);
  });

  it("predicts the noise and the loss", () => {
    expect(relativeL2(outputs.prediction, golden.get("noise_pred").data)).toBeLessThan(tolerance);
    const loss = outputs.loss.map((x) => 4 * x);
    expect(relativeL2(loss, golden.get("loss").data)).toBeLessThan(tolerance);
  });

  it("gives all 32 K/V weight gradients", () => {
    const names = golden.names
      .filter((name) => /\.to_[kv]\.weight\.sketch$/.test(name))
      .map((name) => name.replace(/\.sketch$/, ""));
    expect(names.length).toBe(32);
    const order = [
      "down_blocks.0",
      "down_blocks.1",
      "down_blocks.2",
      "mid_block",
      "up_blocks.1",
      "up_blocks.2",
      "up_blocks.3",
    ];
    const rank = (name: string): number => order.findIndex((block) => name.startsWith(block));
    const ordered = names.toSorted((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    const errors = ordered.map((name, part) => {
      const gradient = pytorchWeight(packed.dW, packed.layout, part);
      const norm = Math.hypot(...gradient);
      const golden1 = golden.get(`${name}.norm`).data[0]!;
      // The sketch cannot tell a tensor from one of another shape that hashes alike; the norm can.
      expect(Math.abs(norm / golden1 - 1)).toBeLessThan(tolerance);
      return sketchError(name, gradient);
    });
    console.info(`K/V gradients, relative L2 error: worst ${Math.max(...errors).toExponential(1)}`);
    errors.forEach((error, part) => {
      expect(error, ordered[part]).toBeLessThan(tolerance);
    });
  });

  it("gives the gradients at the projections, of the text features and of the token row", () => {
    expect(sketchError("d_kv_packed", outputs.dKv)).toBeLessThan(tolerance);
    expect(sketchError("d_encoder_hidden_states", dC)).toBeLessThan(tolerance);
    const error = relativeL2(dRow, golden.get("d_token_row").data);
    console.info(`token row gradient, relative L2 error: ${error.toExponential(1)}`);
    expect(error).toBeLessThan(tolerance);
  });
});
