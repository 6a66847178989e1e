/** @file Runs kernels on one device: each compiled once, many launches in one submission, the GPU's complaints kept. */
import { StudioError } from "../../core/errors.ts";
import { type Dispatch, type Kernel, packUniforms } from "./define-kernel.ts";
import { readBuffers, type ReadPart } from "./read-back.ts";

interface Compiled {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export class KernelQueue {
  readonly device: GPUDevice;
  /** By WGSL. */
  private readonly compiled = new Map<string, Promise<Compiled>>();
  private readonly ready = new Map<string, Compiled>();
  private uniforms: GPUBuffer | null = null;
  private complaint: Promise<GPUError | null> = Promise.resolve(null);

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /**
   * Compiles what has not been compiled on this device.
   * @throws StudioError "internal" with the compiler's reason
   */
  async prepare(kernels: readonly Kernel[]): Promise<void> {
    await Promise.all(
      kernels.map(async (kernel) => {
        const compiling = this.compiled.get(kernel.code) ?? compile(this.device, kernel);
        this.compiled.set(kernel.code, compiling);
        this.ready.set(kernel.code, await compiling);
      }),
    );
  }

  /** Launches prepared kernels one after the other, each seeing what those before it wrote. */
  submit(dispatches: readonly Dispatch[]): void {
    const { device } = this;
    if (dispatches.length === 0) return;
    device.pushErrorScope("validation");
    const { buffer, offsets } = this.writeUniforms(dispatches);
    const commands = device.createCommandEncoder();
    dispatches.forEach(({ kernel, buffers, grid }, i) => {
      const { pipeline, layout } = this.ready.get(kernel.code) ?? unprepared(kernel);
      const size = 4 * Object.keys(kernel.uniforms).length;
      const storage = Object.keys(kernel.bindings).map((name) => ({
        buffer: buffers[name] ?? unbound(kernel, name),
      }));
      const resources = [{ buffer, offset: offsets[i] ?? 0, size }, ...storage];
      const entries = resources.map((resource, binding) => ({ binding, resource }));
      // A pass of its own, so that each can be timed.
      const pass = commands.beginComputePass({ label: kernel.label });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ label: kernel.label, layout, entries }));
      pass.dispatchWorkgroups(...grid);
      pass.end();
    });
    device.queue.submit([commands.finish()]);
    this.complaint = Promise.all([this.complaint, device.popErrorScope()]).then(
      ([earlier, latest]) => earlier ?? latest,
      // The device is gone, which the next read-back reports.
      () => null,
    );
  }

  /**
   * Waits until the GPU has looked at everything submitted.
   * @throws StudioError "internal" with the first thing that it refused
   */
  async settled(): Promise<void> {
    const complaint = await this.complaint;
    if (complaint === null) return;
    this.complaint = Promise.resolve(null);
    throw new StudioError("internal", `The GPU refused a kernel's launch: ${complaint.message}`);
  }

  /**
   * A copy of the first bytes of a buffer, after everything submitted before.
   * @throws StudioError "backend-unavailable" where the device is lost
   */
  read(source: GPUBuffer, byteLength: number): Promise<ArrayBuffer> {
    return this.readTogether([[source, byteLength]]);
  }

  /** The same of several buffers in one read-back, end to end. */
  async readTogether(parts: readonly ReadPart[]): Promise<ArrayBuffer> {
    const bytes = await readBuffers(this.device, parts);
    await this.settled();
    return bytes;
  }

  release(): void {
    this.uniforms?.destroy();
    this.uniforms = null;
  }

  /** All uniforms of a submission in one buffer, which later submissions overwrite: the queue keeps the order. */
  private writeUniforms(dispatches: readonly Dispatch[]): {
    readonly buffer: GPUBuffer;
    readonly offsets: readonly number[];
  } {
    const { device } = this;
    const alignment = device.limits.minUniformBufferOffsetAlignment;
    const packed = dispatches.map(packUniforms);
    const offsets: number[] = [];
    let size = 0;
    for (const { byteLength } of packed) {
      offsets.push(size);
      size += Math.ceil(byteLength / alignment) * alignment;
    }
    const bytes = new Uint8Array(size);
    packed.forEach((part, i) => {
      bytes.set(part, offsets[i]);
    });
    if (this.uniforms === null || this.uniforms.size < size) {
      this.uniforms?.destroy();
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      this.uniforms = device.createBuffer({ label: "uniforms", size, usage });
    }
    device.queue.writeBuffer(this.uniforms, 0, bytes);
    return { buffer: this.uniforms, offsets };
  }
}

async function compile(device: GPUDevice, kernel: Kernel): Promise<Compiled> {
  const { label, code, bindings } = kernel;
  const visibility = GPUShaderStage.COMPUTE;
  const storage = Object.values(bindings).map(([access], i): GPUBindGroupLayoutEntry => ({
    binding: i + 1,
    visibility,
    buffer: { type: access === "read" ? "read-only-storage" : "storage" },
  }));
  const layout = device.createBindGroupLayout({
    label,
    entries: [{ binding: 0, visibility, buffer: { type: "uniform" } }, ...storage],
  });
  const module = device.createShaderModule({ label, code });
  try {
    const pipeline = await device.createComputePipelineAsync({
      label,
      layout: device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: "main" },
    });
    return { pipeline, layout };
  } catch (cause) {
    const { messages } = await module.getCompilationInfo();
    const [first] = messages.filter(({ type }) => type === "error");
    const reason =
      first === undefined
        ? String(cause)
        : `line ${first.lineNum}: ${first.message}\n${code.split("\n")[first.lineNum - 1] ?? ""}`;
    throw new StudioError("internal", `The kernel "${label}" did not compile: ${reason}`, {
      cause,
    });
  }
}

function unprepared({ label }: Kernel): never {
  throw new StudioError("internal", `The kernel "${label}" was launched before it was prepared.`);
}

function unbound({ label }: Kernel, name: string): never {
  throw new StudioError("internal", `The kernel "${label}" was launched without "${name}".`);
}
