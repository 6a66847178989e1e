/**
 * @file A session's inputs in buffers that are the same at every run: a recorded run reads those that it was recorded
 * with, whatever it is handed later.
 */
import type { Tensor as OrtTensor } from "onnxruntime-web";
import { StudioError } from "../../core/errors.ts";
import type { Graph } from "../../core/onnx/graph.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import { createStorage } from "../kernels/buffers.ts";
import { isOnDevice, type Tensor } from "../tensor.ts";
import type { Runtime } from "./runtime.ts";

interface FixedInput {
  readonly buffer: GPUBuffer;
  readonly length: number;
}

export class FixedInputs {
  /** What onnxruntime is handed. */
  readonly tensors: Readonly<Record<string, OrtTensor>>;
  private readonly device: GPUDevice;
  private readonly inputs: ReadonlyMap<string, FixedInput>;

  private constructor(
    device: GPUDevice,
    inputs: ReadonlyMap<string, FixedInput>,
    tensors: Readonly<Record<string, OrtTensor>>,
  ) {
    this.device = device;
    this.inputs = inputs;
    this.tensors = tensors;
  }

  /** @throws StudioError "backend-unavailable" where the GPU has too little memory */
  static async create(
    { ort }: Pick<Runtime, "ort">,
    device: GPUDevice,
    graph: Pick<Graph, "inputs">,
  ): Promise<FixedInputs> {
    const inputs = new Map<string, FixedInput>();
    const tensors: Record<string, OrtTensor> = {};
    const fixed = new FixedInputs(device, inputs, tensors);
    try {
      for (const { name, dtype, dims } of graph.inputs) {
        const sizes = dims.map(Number);
        if (dtype !== "float32") {
          throw new StudioError("internal", `The input "${name}" is ${dtype}, not float32.`);
        }
        const length = elementCount(sizes);
        const buffer = await createStorage(device, length, `the input "${name}"`);
        inputs.set(name, { buffer, length });
        tensors[name] = ort.Tensor.fromGpuBuffer(buffer, { dataType: dtype, dims: sizes });
      }
    } catch (error) {
      fixed.release();
      throw error;
    }
    return fixed;
  }

  /** Writes or copies every input; the queue does so before the run that is submitted next. */
  load(feeds: Readonly<Record<string, Tensor>>): void {
    const commands = this.device.createCommandEncoder();
    let copies = 0;
    for (const [name, { buffer, length }] of this.inputs) {
      const tensor = feeds[name];
      if (tensor === undefined || elementCount(tensor.dims) !== length) {
        throw new StudioError("internal", `The input "${name}" takes ${length} numbers.`);
      }
      if (!isOnDevice(tensor)) this.device.queue.writeBuffer(buffer, 0, tensor.data);
      else {
        commands.copyBufferToBuffer(tensor.buffer, 0, buffer, 0, 4 * length);
        copies++;
      }
    }
    const finished = commands.finish();
    if (copies > 0) this.device.queue.submit([finished]);
  }

  release(): void {
    for (const { buffer } of this.inputs.values()) buffer.destroy();
  }
}
