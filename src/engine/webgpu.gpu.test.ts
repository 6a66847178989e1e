/** @file The same gradients on onnxruntime's WebGPU backend, on a device of our own, no node left to the CPU. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { relativeL2 } from "../../tests/support/compare.ts";
import { readGolden } from "../../tests/support/golden.ts";
import { NANO_SHAPE, NANO_STYLES, nanoModel } from "../../tests/support/nano.ts";
import { goldenFeeds, seeded } from "../../tests/support/golden-feeds.ts";
import { materialiseFloat32 } from "../core/onnx/materialise.ts";
import { projectKvBackward } from "../core/surgery/kv-projection.ts";
import { prepareTextEncoder, textEncoderGradient } from "../core/surgery/text-encoder.ts";
import { trainingGraph } from "../core/surgery/training-graph.ts";
import { prepareUnet } from "../core/surgery/unet.ts";
import { adapterFacts, requestAdapter, requestDevice } from "./device.ts";
import { browserRuntime } from "./ort/runtime-browser.ts";
import type { Runtime } from "./ort/runtime.ts";
import { Session } from "./ort/session.ts";

/** float32 in another order of summation, on drivers whose exp and erf are approximations: 1e-5 was seen. */
const TOLERANCE = 1e-3;

let device: GPUDevice;
let runtime: Runtime;

beforeAll(async () => {
  const adapter = await requestAdapter();
  if (adapter === null) throw new Error("there is no WebGPU adapter");
  console.info(`WebGPU backend on ${adapterFacts(adapter).name}`);
  device = await requestDevice(adapter);
  runtime = await browserRuntime(device, 1);
});

afterAll(() => {
  device.destroy();
});

describe.each(NANO_STYLES)("nano model, %s export, WebGPU", (style) => {
  it("K/V and conditioning gradients", async () => {
    const golden = await readGolden("nano-unet");
    const model = await nanoModel(style, "unet");
    const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16 });
    const training = trainingGraph(unet);
    const session = await Session.create(runtime, training.graph, model.read, {
      name: "the training graph",
    });
    const { feeds, features, weights, shape } = await goldenFeeds(unet, model.read, golden);
    const out = await session.run(feeds);
    expect(relativeL2(out[training.prediction]!.data, golden.get("noise_pred").data)).toBeLessThan(
      TOLERANCE,
    );
    const dKv = out[training.gradients.get("kv")!]!.data;
    const error = relativeL2(dKv, golden.get("d_kv_packed").data);
    console.info(`${style}: K/V gradient, relative L2 ${error.toExponential(1)}`);
    expect(error).toBeLessThan(TOLERANCE);
    const { dW, dC } = projectKvBackward(features, weights, dKv, shape);
    expect(relativeL2(dW, golden.get("d_w_packed").data)).toBeLessThan(TOLERANCE);
    expect(relativeL2(dC, golden.get("d_encoder_hidden_states").data)).toBeLessThan(TOLERANCE);
    await session.release();
  });

  it("token embedding gradient through the text encoder", async () => {
    const golden = await readGolden("nano-text-encoder");
    const model = await nanoModel(style, "text_encoder");
    const encoder = prepareTextEncoder(model.graph, { batch: 2, tokens: 77 });
    const backward = textEncoderGradient(encoder);
    const session = await Session.create(runtime, backward.graph, model.read, {
      name: "the text encoder's gradient",
    });
    const table = await materialiseFloat32(encoder.embeddings, model.read);
    const width = encoder.embeddings.dims[1]!;
    const ids = [...golden.get("input_ids").data];
    const embeds = ids.flatMap((id) => [...table.subarray(id * width, (id + 1) * width)]);
    const out = await session.run({
      inputs_embeds: { dims: [2, 77, width], data: Float32Array.from(embeds) },
      d_hidden: seeded("d_hidden", [2, 77, width]),
    });
    expect(
      relativeL2(out[backward.gradient]!.data, golden.get("d_inputs_embeds").data),
    ).toBeLessThan(TOLERANCE);
    await session.release();
  });
});

it("our own kernels run on the device that the sessions use", async () => {
  const { graph, read } = await nanoModel("dynamo", "text_encoder");
  const encoder = prepareTextEncoder(graph, { batch: 1, tokens: 77 });
  const session = await Session.create(runtime, encoder.graph, read, { name: "the text encoder" });
  await session.run({ inputs_embeds: seeded("embeds", [1, 77, encoder.embeddings.dims[1]!]) });
  const buffer = device.createBuffer({
    size: 16,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, Float32Array.of(1, 2, 3, 4));
  const read4 = device.createBuffer({
    size: 16,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const encoderPass = device.createCommandEncoder();
  encoderPass.copyBufferToBuffer(buffer, 0, read4, 0, 16);
  device.queue.submit([encoderPass.finish()]);
  await read4.mapAsync(GPUMapMode.READ);
  expect([...new Float32Array(read4.getMappedRange())]).toEqual([1, 2, 3, 4]);
  buffer.destroy();
  read4.destroy();
  await session.release();
});
