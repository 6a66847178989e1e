/** @file The nano model's gradients beside PyTorch's on any runtime: the same measurement for every backend. */
import { materialiseFloat32 } from "../../src/core/onnx/materialise.ts";
import { halfPrecision } from "../../src/core/passes/half-precision.ts";
import { projectKvBackward } from "../../src/core/surgery/kv-projection.ts";
import { prepareTextEncoder, textEncoderGradient } from "../../src/core/surgery/text-encoder.ts";
import type { Precision } from "../../src/core/precision.ts";
import { packedQueryOut } from "../../src/core/surgery/expose-query-out.ts";
import { trainingGraph } from "../../src/core/surgery/training-graph.ts";
import { prepareUnet } from "../../src/core/surgery/unet.ts";
import type { Runtime } from "../../src/engine/ort/runtime.ts";
import { Session } from "../../src/engine/ort/session.ts";
import { relativeL2 } from "./compare.ts";
import { readGolden } from "./golden.ts";
import { goldenFeeds, seeded } from "./golden-feeds.ts";
import { NANO_SHAPE, nanoModel, type NanoStyle } from "./nano.ts";
import { pytorchQueryOut } from "./query-out.ts";

/** Relative L2 distances to the golden, by what is compared. */
export type Distances = Readonly<Record<string, number>>;

/** Prediction, loss, and the gradients at the projections, of their weights and of the text features. */
export async function unetDistances(
  runtime: Runtime,
  style: NanoStyle,
  options: {
    readonly simplify?: boolean;
    readonly composites?: boolean;
    readonly precision?: Precision;
    readonly lossScale?: number;
    readonly segments?: number;
    readonly attentionBytes?: number;
  } = {},
): Promise<Distances> {
  const { lossScale = 1 } = options;
  const golden = await readGolden("nano-unet");
  const model = await nanoModel(style, "unet");
  const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16, ...options });
  const training = trainingGraph(unet, options);
  const name = "the training graph";
  const session = await Session.create(runtime, training.graph, model.read, { name });
  const { feeds, features, weights, shape } = await goldenFeeds(unet, model.read, golden);
  const scale = { dims: [], data: Float32Array.of(lossScale) };
  const out = await session.run({ ...feeds, loss_scale: scale });
  await session.release();
  const dKv = Float32Array.from(
    out[training.gradients.get("kv")!]!.data,
    (x: number) => x / lossScale,
  );
  const { dW, dC } = projectKvBackward(features, weights, dKv, shape);
  // The golden's loss is each sample's own mean; ours is its share of the batch mean.
  const loss = Float64Array.from(out[training.loss]!.data, (x) => x * NANO_SHAPE.batch);
  const distance = (tensor: string, got: ArrayLike<number>): number =>
    relativeL2(got, golden.get(tensor).data);
  return {
    prediction: distance("noise_pred", out[training.prediction]!.data),
    loss: distance("loss", loss),
    dKv: distance("d_kv_packed", dKv),
    dW: distance("d_w_packed", dW),
    dC: distance("d_encoder_hidden_states", dC),
  };
}

/** Gradients of the face mode: K/V, and the query and output projections. */
export async function queryOutDistances(runtime: Runtime, style: NanoStyle): Promise<Distances> {
  const golden = await readGolden("nano-unet");
  const model = await nanoModel(style, "unet");
  const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16, queryOut: true });
  const training = trainingGraph(unet);
  const name = "the training graph";
  const session = await Session.create(runtime, training.graph, model.read, { name });
  const { feeds } = await goldenFeeds(unet, model.read, golden);
  const layout = unet.queryOut!;
  const queryOut = await packedQueryOut(layout, model.read);
  const out = await session.run({
    ...feeds,
    query_out: { dims: [layout.length], data: queryOut },
  });
  await session.release();
  const gradient = out[training.gradients.get("query_out")!]!.data;
  return {
    dQueryOut: relativeL2(pytorchQueryOut(layout, gradient), golden.get("d_q_out").data),
    dKv: relativeL2(out[training.gradients.get("kv")!]!.data, golden.get("d_kv_packed").data),
  };
}

/** Hidden state of the text encoder, and the gradient of its token embeddings. */
export async function textEncoderDistances(
  runtime: Runtime,
  style: NanoStyle,
  precision: Precision = "float32",
): Promise<Distances> {
  const golden = await readGolden("nano-text-encoder");
  const model = await nanoModel(style, "text_encoder");
  const encoder = prepareTextEncoder(model.graph, { batch: 2, tokens: 77 });
  const backward = textEncoderGradient(encoder);
  const name = "the text encoder's gradient";
  const graph = precision === "float16" ? halfPrecision(backward.graph) : backward.graph;
  const session = await Session.create(runtime, graph, model.read, { name });
  const table = await materialiseFloat32(encoder.embeddings, model.read);
  const width = encoder.embeddings.dims[1]!;
  const ids = [...golden.get("input_ids").data];
  const embeds = ids.flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]);
  const out = await session.run({
    inputs_embeds: { dims: [2, 77, width], data: Float32Array.from(embeds) },
    d_hidden: seeded("d_hidden", [2, 77, width]),
  });
  await session.release();
  return {
    hidden: relativeL2(out[backward.hidden]!.data, golden.get("last_hidden_state").data),
    dEmbeds: relativeL2(out[backward.gradient]!.data, golden.get("d_inputs_embeds").data),
  };
}
