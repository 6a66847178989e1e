/** @file Runs that are recorded and replayed, and runs that nobody checks, give what others give, to the last bit. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { nanoModel } from "../../../tests/support/nano.ts";
import { normals } from "../../../tests/support/seeded.ts";
import { type Optimisation, optimisationsWithout } from "../../core/optimisations.ts";
import {
  EMBEDS_INPUT,
  prepareTextEncoder,
  textEncoderGradient,
} from "../../core/surgery/text-encoder.ts";
import { requestAdapter, requestDevice } from "../device.ts";
import { hostData, type HostTensor, isOnDevice } from "../tensor.ts";
import { browserRuntime } from "./runtime-browser.ts";
import type { Runtime } from "./runtime.ts";
import { Session } from "./session.ts";

const DIMS = [1, 77, 16];
const LENGTH = 77 * 16;

let device: GPUDevice;

beforeAll(async () => {
  const adapter = await requestAdapter();
  device = await requestDevice(adapter!);
});

afterAll(() => {
  device.destroy();
});

/** Hidden state and gradient of three inputs, one after the other in one session. */
async function threeRuns(without: "" | Optimisation): Promise<Float32Array[]> {
  const runtime = await browserRuntime(device, 1, optimisationsWithout(without));
  const { session, outputs } = await openGradient(runtime);
  const results: Float32Array[] = [];
  for (const run of ["a", "b", "c"]) {
    const out = await session.run(feeds(run));
    results.push(...outputs.map((name) => Float32Array.from(hostData(out[name]))));
  }
  await session.release();
  return results;
}

async function openGradient(runtime: Runtime) {
  const { graph, read } = await nanoModel("dynamo", "text_encoder");
  const {
    graph: backward,
    hidden,
    gradient,
  } = textEncoderGradient(prepareTextEncoder(graph, { batch: 1, tokens: 77 }));
  const session = await Session.create(runtime, backward, read, {
    name: "the text encoder's gradient",
    onDevice: [hidden],
    repeated: true,
  });
  return { session, hidden, outputs: [hidden, gradient] };
}

function feeds(run: string): Record<string, HostTensor> {
  return {
    [EMBEDS_INPUT]: { dims: DIMS, data: normals(5, `embeds ${run}`, LENGTH) },
    d_hidden: { dims: DIMS, data: normals(5, `gradient ${run}`, LENGTH) },
  };
}

it.each(["gpu-graph-capture", "gpu-validation-off"] as const)("%s", async (name) => {
  const [on, off] = [await threeRuns(""), await threeRuns(name)];
  expect(on).toEqual(off);
  // Runs differ from each other, or equality would say nothing.
  expect(on[2]).not.toEqual(on[0]);
});

it("an input may lie on the GPU, an output may stay there until the next run", async () => {
  const runtime = await browserRuntime(device, 1);
  const { session, hidden } = await openGradient(runtime);
  const first = feeds("a");
  const expected = hostData((await session.run(first))[hidden]);
  await session.run(feeds("b"));
  const source = device.createBuffer({
    size: 4 * LENGTH,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  device.queue.writeBuffer(source, 0, first[EMBEDS_INPUT]!.data);
  const embeds = { dims: DIMS, buffer: source, dispose: () => source.destroy() };
  const out = (await session.runOnDevice({ ...first, [EMBEDS_INPUT]: embeds }))[hidden]!;
  if (!isOnDevice(out)) throw new Error("the hidden state came back");
  const target = device.createBuffer({
    size: 4 * LENGTH,
    usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });
  const commands = device.createCommandEncoder();
  commands.copyBufferToBuffer(out.buffer, 0, target, 0, 4 * LENGTH);
  device.queue.submit([commands.finish()]);
  out.dispose();
  await target.mapAsync(GPUMapMode.READ);
  expect(new Float32Array(target.getMappedRange())).toEqual(expected);
  embeds.dispose();
  target.destroy();
  await session.release();
});

it("what the GPU objects to between two runs is told with the next", async () => {
  const runtime = await browserRuntime(device, 1);
  const { session } = await openGradient(runtime);
  await session.run(feeds("a"));
  device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
  await device.queue.onSubmittedWorkDone();
  await expect(session.run(feeds("a"))).rejects.toMatchObject({ code: "session-failed" });
  await session.run(feeds("a"));
  await session.release();
});
