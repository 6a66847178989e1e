/** @file The browser of the WebGPU tests really computes on its adapter, and is isolated as the app is. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const SHADER = /* wgsl */ `
  @group(0) @binding(0) var<storage, read_write> values: array<f32>;

  @compute @workgroup_size(64)
  fn double(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x < arrayLength(&values)) {
      values[id.x] = 2.0 * values[id.x];
    }
  }
`;

let device: GPUDevice | undefined;

beforeAll(async () => {
  // Without an adapter the setup file fails or skips every test, so there is nothing to say here.
  device = await (await navigator.gpu.requestAdapter())?.requestDevice();
});

afterAll(() => {
  device?.destroy();
});

async function doubled(
  device: GPUDevice,
  values: Float32Array<ArrayBuffer>,
): Promise<Float32Array> {
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const size = values.byteLength;
  const buffer = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  const readback = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
  device.queue.writeBuffer(buffer, 0, values);
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: SHADER }), entryPoint: "double" },
  });
  const layout = pipeline.getBindGroupLayout(0);
  const entries = [{ binding: 0, resource: { buffer } }];
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout, entries }));
  pass.dispatchWorkgroups(Math.ceil(values.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, readback, 0, size);
  device.queue.submit([encoder.finish()]);
  await readback.mapAsync(GPUMapMode.READ);
  return new Float32Array(readback.getMappedRange().slice(0));
}

describe("the WebGPU adapter of the tests", () => {
  // 64 fills the workgroup, 1 and 63 leave part of it idle, 1000 takes several and a part.
  it.each([1, 63, 64, 1000])("doubles %d numbers exactly", async (length) => {
    const values = Float32Array.from({ length }, (_, index) => index * 0.37 - 11);
    if (device === undefined) throw new Error("the adapter gave no device");
    device.pushErrorScope("validation");
    const result = await doubled(device, values);
    expect(await device.popErrorScope()).toBeNull();
    expect([...result]).toEqual([...values.map((value) => 2 * value)]);
  });

  it("belongs to a cross-origin isolated page, so that WebAssembly has threads", () => {
    expect(crossOriginIsolated).toBe(true);
  });
});
