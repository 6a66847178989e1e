/**
 * @file How long a GPU computes, by its own clock: every compute pass that is begun on the device while the clock runs is
 * timed, onnxruntime's and ours. Chromium rounds to 0.1 ms unless WebGPU's developer features are on.
 */

/** As many as a query set holds. */
const MOST_PASSES = 2048;

export class GpuClock {
  /** What passes without a label of their own belong to. */
  section = "";
  private readonly device: GPUDevice;
  private readonly queries: GPUQuerySet;
  private sections: string[] = [];
  private running = false;

  private constructor(device: GPUDevice) {
    this.device = device;
    this.queries = device.createQuerySet({ type: "timestamp", count: 2 * MOST_PASSES });
  }

  /** Null where the device has no such clock. */
  static of(device: GPUDevice | null): GpuClock | null {
    return device?.features.has("timestamp-query") === true ? new GpuClock(device) : null;
  }

  /** Stands in front of the device's own function while it runs. */
  start(): void {
    if (this.running) return;
    this.running = true;
    const { device } = this;
    const create = device.createCommandEncoder.bind(device);
    device.createCommandEncoder = (descriptor) => {
      const encoder = create(descriptor);
      const begin = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = (pass) => begin(this.timed(pass));
      return encoder;
    };
  }

  stop(): void {
    if (this.running) Reflect.deleteProperty(this.device, "createCommandEncoder");
    this.running = false;
    this.sections = [];
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Milliseconds of each section since the last reading, after everything submitted before. */
  async read(): Promise<ReadonlyMap<string, number>> {
    const sections = this.sections.splice(0);
    const sums = new Map<string, number>();
    if (sections.length === 0) return sums;
    const { device } = this;
    const size = 16 * sections.length;
    const { QUERY_RESOLVE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
    const target = device.createBuffer({ size, usage: COPY_DST | MAP_READ });
    const commands = device.createCommandEncoder();
    commands.resolveQuerySet(this.queries, 0, 2 * sections.length, resolved, 0);
    commands.copyBufferToBuffer(resolved, 0, target, 0, size);
    device.queue.submit([commands.finish()]);
    await target.mapAsync(GPUMapMode.READ);
    const times = new BigUint64Array(target.getMappedRange());
    for (const [i, section] of sections.entries()) {
      const nanoseconds = Number((times[2 * i + 1] ?? 0n) - (times[2 * i] ?? 0n));
      sums.set(section, (sums.get(section) ?? 0) + nanoseconds / 1e6);
    }
    resolved.destroy();
    target.destroy();
    return sums;
  }

  private timed(pass: GPUComputePassDescriptor = {}): GPUComputePassDescriptor {
    const { label } = pass;
    const index = 2 * this.sections.length;
    if (index >= 2 * MOST_PASSES) return pass;
    this.sections.push(label === undefined || label === "" ? this.section : label);
    return {
      ...pass,
      timestampWrites: {
        querySet: this.queries,
        beginningOfPassWriteIndex: index,
        endOfPassWriteIndex: index + 1,
      },
    };
  }
}
