/**
 * @file Kernels and sessions pass buffers to each other on one device: a kernel's K/V into the training graph, the graph's
 * gradient into a kernel. The result is that of the way through ordinary memory, and PyTorch's.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { relativeL2 } from "../../../tests/support/compare.ts";
import { readGolden } from "../../../tests/support/golden.ts";
import { goldenFeeds } from "../../../tests/support/golden-feeds.ts";
import { NANO_SHAPE, nanoModel } from "../../../tests/support/nano.ts";
import { projectKvBackward } from "../../core/surgery/kv-projection.ts";
import { trainingGraph } from "../../core/surgery/training-graph.ts";
import { prepareUnet } from "../../core/surgery/unet.ts";
import { requestAdapter, requestDevice } from "../device.ts";
import { browserRuntime } from "../ort/runtime-browser.ts";
import { Session } from "../ort/session.ts";
import { type HostTensor, isOnDevice } from "../tensor.ts";
import { createWebGpuArithmetic } from "./arithmetic-webgpu.ts";

/** float32 through forward and backward of about 60 layers, on K/V that differ in their last digits: 3e-5 was seen. */
const TOLERANCE = 3e-4;

let device: GPUDevice;

beforeAll(async () => {
  const adapter = await requestAdapter();
  if (adapter === null) throw new Error("there is no WebGPU adapter");
  device = await requestDevice(adapter);
});

afterAll(() => {
  device.destroy();
});

it("K/V from a kernel, through the training graph, its gradient to a kernel, all on the GPU", async () => {
  const runtime = await browserRuntime(device, 1);
  const golden = await readGolden("nano-unet");
  const model = await nanoModel("dynamo", "unet");
  const unet = prepareUnet(model.graph, NANO_SHAPE, { blocks: 16 });
  const training = trainingGraph(unet);
  const gradient = training.gradients.get("kv")!;
  const session = await Session.create(runtime, training.graph, model.read, {
    name: "the training graph",
    onDevice: [gradient],
  });
  const { feeds, features, weights, shape } = await goldenFeeds(unet, model.read, golden);
  const adam = { beta1: 0.5, beta2: 0.999, epsilon: 1e-8 };
  const arithmetic = await createWebGpuArithmetic(device, {
    groups: [{ name: "kv", initial: weights, learningRate: 0, weightDecay: 0 }],
    kvWeights: weights,
    textWidth: shape.textWidth,
    columns: shape.columns,
    tokens: shape.tokens,
    adam,
    maxGradientNorm: null,
    lossScale: null,
  });
  const c: HostTensor = { dims: [shape.batch, shape.tokens, shape.textWidth], data: features };

  const host = await session.run(feeds);
  const expected = projectKvBackward(features, weights, host[gradient]!.data, shape);

  // Twice: the second time in buffers that were used before.
  for (const round of ["first", "second"]) {
    const kv = await arithmetic.projectKv(c);
    const out = await session.runOnDevice({ ...feeds, kv });
    const dKv = out[gradient]!;
    expect(isOnDevice(kv) && isOnDevice(dKv), "stays on the GPU").toBe(true);
    expect(isOnDevice(out[training.loss]!), "comes back").toBe(false);
    const dC = await arithmetic.backwardKv(c, dKv);
    for (const tensor of [kv, dKv]) if (isOnDevice(tensor)) tensor.dispose();

    const distances = {
      dC: relativeL2(dC.data, expected.dC),
      dCToPyTorch: relativeL2(dC.data, golden.get("d_encoder_hidden_states").data),
    };
    console.info(`${round} round: ${JSON.stringify(distances)}`);
    expect(distances.dC).toBeLessThan(TOLERANCE);
    expect(distances.dCToPyTorch).toBeLessThan(TOLERANCE);
  }

  // After the first update m = (1 - β1) · g, and g is the sum of both rounds.
  await arithmetic.update();
  const dW = (await arithmetic.state()).m.map((m) => m / (2 * (1 - adam.beta1)));
  expect(relativeL2(dW, golden.get("d_w_packed").data)).toBeLessThan(TOLERANCE);
  await arithmetic.release();
  await session.release();
});
