/** @file The gradients of the ONNX training graph are PyTorch autograd's: nano model, both exporter styles, wasm. */
import { describe, expect, it } from "vitest";
import { relativeL2 } from "../../tests/support/compare.ts";
import { readGolden } from "../../tests/support/golden.ts";
import { NANO_SHAPE, NANO_STYLES, nanoModel } from "../../tests/support/nano.ts";
import { goldenFeeds, seeded } from "../../tests/support/golden-feeds.ts";
import { packedQueryOut, pytorchQueryOut } from "../../tests/support/query-out.ts";
import { materialiseFloat32 } from "../core/onnx/materialise.ts";
import { projectKvBackward } from "../core/surgery/kv-projection.ts";
import { prepareTextEncoder, textEncoderGradient } from "../core/surgery/text-encoder.ts";
import { trainingGraph } from "../core/surgery/training-graph.ts";
import { prepareUnet } from "../core/surgery/unet.ts";
import { nodeRuntime } from "./ort/runtime-node.ts";
import { Session } from "./ort/session.ts";

/** float32 through forward and backward of about 60 layers against float64: 1e-6 to 1e-5 were seen. */
const TOLERANCE = 1e-4;

describe.each(NANO_STYLES)("nano model, %s export, wasm", (style) => {
  it.each([true, false])("K/V and conditioning gradients (simplified: %s)", async (simplify) => {
    const golden = await readGolden("nano-unet");
    const model = await nanoModel(style, "unet");
    const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16, simplify });
    const training = trainingGraph(unet, { simplify });
    const session = await Session.create(nodeRuntime(2), training.graph, model.read, {
      name: "the training graph",
    });
    const { feeds, features, weights, shape } = await goldenFeeds(unet, model.read, golden);
    const out = await session.run(feeds);
    const dKv = out[training.gradients.get("kv")!]!.data;
    expect(relativeL2(out[training.prediction]!.data, golden.get("noise_pred").data)).toBeLessThan(
      TOLERANCE,
    );
    expect(relativeL2(dKv, golden.get("d_kv_packed").data)).toBeLessThan(TOLERANCE);
    const { dW, dC } = projectKvBackward(features, weights, dKv, shape);
    expect(relativeL2(dW, golden.get("d_w_packed").data)).toBeLessThan(TOLERANCE);
    expect(relativeL2(dC, golden.get("d_encoder_hidden_states").data)).toBeLessThan(TOLERANCE);
    // The golden's loss is each sample's own mean; ours is its share of the batch mean.
    const loss = Float64Array.from(out[training.loss]!.data, (x) => x * NANO_SHAPE.batch);
    expect(relativeL2(loss, golden.get("loss").data)).toBeLessThan(TOLERANCE);
    await session.release();
  });

  it("query and output projection gradients (face mode)", async () => {
    const golden = await readGolden("nano-unet");
    const model = await nanoModel(style, "unet");
    const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16, queryOut: true });
    const training = trainingGraph(unet);
    const session = await Session.create(nodeRuntime(2), training.graph, model.read, {
      name: "the training graph",
    });
    const { feeds } = await goldenFeeds(unet, model.read, golden);
    const layout = unet.queryOut!;
    const queryOut = await packedQueryOut(layout, model.read);
    const out = await session.run({
      ...feeds,
      query_out: { dims: [layout.length], data: queryOut },
    });
    const gradient = out[training.gradients.get("query_out")!]!.data;
    expect(relativeL2(pytorchQueryOut(layout, gradient), golden.get("d_q_out").data)).toBeLessThan(
      TOLERANCE,
    );
    const dKv = out[training.gradients.get("kv")!]!.data;
    expect(relativeL2(dKv, golden.get("d_kv_packed").data)).toBeLessThan(TOLERANCE);
    await session.release();
  });

  it("token embedding gradient through the text encoder", async () => {
    const golden = await readGolden("nano-text-encoder");
    const model = await nanoModel(style, "text_encoder");
    const encoder = prepareTextEncoder(model.graph, { batch: 2, tokens: 77 });
    const backward = textEncoderGradient(encoder);
    const session = await Session.create(nodeRuntime(2), backward.graph, model.read, {
      name: "the text encoder's gradient",
    });
    const table = await materialiseFloat32(encoder.embeddings, model.read);
    const width = encoder.embeddings.dims[1]!;
    const ids = [...golden.get("input_ids").data];
    const embeds = Float32Array.from(
      ids.flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]),
    );
    const out = await session.run({
      inputs_embeds: { dims: [2, 77, width], data: embeds },
      d_hidden: seeded("d_hidden", [2, 77, width]),
    });
    expect(
      relativeL2(out[backward.hidden]!.data, golden.get("last_hidden_state").data),
    ).toBeLessThan(TOLERANCE);
    expect(
      relativeL2(out[backward.gradient]!.data, golden.get("d_inputs_embeds").data),
    ).toBeLessThan(TOLERANCE);
    await session.release();
  });
});
