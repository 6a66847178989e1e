/** @file The same gradients on onnxruntime's WebGPU backend, on a device of our own, no node left to the CPU. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NANO_STYLES, nanoModel } from "../../tests/support/nano.ts";
import { seeded } from "../../tests/support/golden-feeds.ts";
import {
  type Distances,
  textEncoderDistances,
  unetDistances,
} from "../../tests/support/nano-gradients.ts";
import { prepareTextEncoder } from "../core/surgery/text-encoder.ts";
import { adapterFacts, requestAdapter, requestDevice } from "./device.ts";
import { browserRuntime } from "./ort/runtime-browser.ts";
import type { Runtime } from "./ort/runtime.ts";
import { Session } from "./ort/session.ts";

/** float32 in another order of summation, on drivers whose exp is an approximation: up to 4e-5 was seen. */
const TOLERANCE = 3e-4;

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

function expectClose(what: string, distances: Distances): void {
  const list = Object.entries(distances).map(([name, x]) => `${name} ${x.toExponential(1)}`);
  console.info(`${what}, relative L2 to PyTorch: ${list.join(", ")}`);
  for (const [name, distance] of Object.entries(distances)) {
    expect(distance, name).toBeLessThan(TOLERANCE);
  }
}

describe.each(NANO_STYLES)("nano model, %s export, WebGPU", (style) => {
  it("K/V and conditioning gradients", async () => {
    expectClose(`${style} UNet`, await unetDistances(runtime, style));
  });

  it("token embedding gradient through the text encoder", async () => {
    expectClose(`${style} text encoder`, await textEncoderDistances(runtime, style));
  });
});

it("gradients in segments, with attention in blocks of a head's queries", async () => {
  // A head's scores take 262 kB at 16 x 16 latents.
  const options = { segments: 3, attentionBytes: 100_000 };
  expectClose("UNet in segments", await unetDistances(runtime, "dynamo", options));
});

it("our own commands run on the device that the sessions use, between their runs", async () => {
  const { graph, read } = await nanoModel("dynamo", "text_encoder");
  const encoder = prepareTextEncoder(graph, { batch: 1, tokens: 77 });
  const session = await Session.create(runtime, encoder.graph, read, { name: "the text encoder" });
  const feeds = { inputs_embeds: seeded("embeds", [1, 77, encoder.embeddings.dims[1]!]) };
  const before = await session.runOne(feeds);
  const source = device.createBuffer({
    size: 16,
    usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const target = device.createBuffer({
    size: 16,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(source, 0, Float32Array.of(1, 2, 3, 4));
  const commands = device.createCommandEncoder();
  commands.copyBufferToBuffer(source, 0, target, 0, 16);
  device.queue.submit([commands.finish()]);
  await target.mapAsync(GPUMapMode.READ);
  expect([...new Float32Array(target.getMappedRange())]).toEqual([1, 2, 3, 4]);
  source.destroy();
  target.destroy();
  expect((await session.runOne(feeds)).data).toEqual(before.data);
  await session.release();
});
