/**
 * @file The arithmetic of a training step on the GPU: our own kernels on the device of the sessions. Values, moments and
 * gradients stay there; what comes back every step is dc, and 32 bytes about the update.
 */
import { StudioError } from "../../core/errors.ts";
import type { KvProjectionShape } from "../../core/surgery/kv-projection.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import { accumulate, accumulateKernel } from "../kernels/accumulate/index.ts";
import { adamw, adamwKernel } from "../kernels/adamw/index.ts";
import { BufferPool } from "../kernels/buffers.ts";
import {
  gradientNorm,
  gradientNormKernels,
  readVerdict,
  VERDICT_BYTES,
} from "../kernels/gradient-norm/index.ts";
import { KernelQueue } from "../kernels/kernel-queue.ts";
import {
  kvBackwardKernels,
  kvTextGradient,
  kvWeightGradient,
  partialsLength,
} from "../kernels/kv-backward/index.ts";
import { kvProjection, kvProjectionKernel } from "../kernels/kv-projection/index.ts";
import {
  LOSS_SCALE_BYTES,
  lossScaleKernel,
  type LossScaleState,
  packLossScale,
  readLossScale,
  updateLossScale,
} from "../kernels/loss-scale/index.ts";
import { type DeviceTensor, type HostTensor, isOnDevice, type Tensor } from "../tensor.ts";
import type {
  ArithmeticSettings,
  GroupName,
  OptimiserState,
  TrainingArithmetic,
  UpdateReport,
} from "./arithmetic.ts";
import { FlatGroups } from "./flat-groups.ts";
import {
  createParameterBuffers,
  type GroupBuffers,
  type ParameterBuffers,
} from "./parameter-buffers.ts";

/** @throws StudioError "backend-unavailable" where the GPU has too little memory */
export async function createWebGpuArithmetic(
  device: GPUDevice,
  settings: ArithmeticSettings,
): Promise<TrainingArithmetic> {
  const queue = new KernelQueue(device);
  await queue.prepare([
    kvProjectionKernel,
    ...kvBackwardKernels,
    accumulateKernel,
    ...gradientNormKernels,
    adamwKernel,
    lossScaleKernel,
  ]);
  return new WebGpuArithmetic(queue, settings, await createParameterBuffers(device, settings));
}

class WebGpuArithmetic implements TrainingArithmetic {
  private readonly queue: KernelQueue;
  private readonly pool: BufferPool;
  private readonly settings: ArithmeticSettings;
  private readonly flat: FlatGroups;
  private readonly buffers: ParameterBuffers;
  /** What the GPU holds, as it was last written or read. */
  private counters: LossScaleState;

  constructor(queue: KernelQueue, settings: ArithmeticSettings, buffers: ParameterBuffers) {
    this.queue = queue;
    this.pool = new BufferPool(queue.device);
    this.settings = settings;
    this.flat = new FlatGroups(settings.groups);
    this.buffers = buffers;
    this.counters = this.writeCounters({
      lossScale: settings.lossScale?.initial ?? 1,
      goodSteps: 0,
      skipped: 0,
      step: 0,
    });
  }

  get lossScale(): number {
    return this.counters.lossScale;
  }

  async projectKv(features: HostTensor): Promise<DeviceTensor> {
    const shape = this.shapeOf(features);
    const dims = [shape.batch, shape.tokens, shape.columns];
    const kv = await this.pool.take(elementCount(dims), "keys and values");
    await this.lend(features, "text features", (c) => {
      this.queue.submit(kvProjection(shape, { c, w: this.buffers.weights, kv }));
    });
    let held = true;
    return {
      dims,
      buffer: kv,
      dispose: () => {
        if (held) this.pool.give(kv);
        held = false;
      },
    };
  }

  async backwardKv(features: HostTensor, dKv: Tensor): Promise<HostTensor> {
    const shape = this.shapeOf(features);
    expectLength(
      dKv,
      shape.batch * shape.tokens * shape.columns,
      "the gradient of keys and values",
    );
    const { weights } = this.buffers;
    const trained = this.flat.has("kv") ? this.group("kv") : null;
    const length = elementCount(features.dims);
    const partials = await this.pool.take(partialsLength(shape), "the parts of the text gradient");
    const dC = await this.pool.take(length, "the text gradient");
    await this.lend(features, "text features", (c) =>
      this.lend(dKv, "the gradient of keys and values", (gradient) => {
        const dW =
          trained === null
            ? []
            : kvWeightGradient(shape, { c, dKv: gradient, dW: trained.gradient });
        const text = kvTextGradient(shape, { dKv: gradient, w: weights, partials, dC });
        this.queue.submit([...dW, ...text]);
      }),
    );
    this.pool.give(partials);
    const data = await this.floats(dC, length);
    this.pool.give(dC);
    return { dims: features.dims, data };
  }

  async accumulate(name: GroupName, gradient: Tensor): Promise<void> {
    const group = this.group(name);
    const what = `the gradient of "${name}"`;
    expectLength(gradient, group.length, what);
    await this.lend(gradient, what, (x) => {
      this.queue.submit([accumulate(group.length, { y: group.gradient, x })]);
    });
  }

  /** The buffer that training goes on in, not a copy: it changes with the next update. */
  values(name: GroupName): Promise<DeviceTensor> {
    const { values, length } = this.group(name);
    return Promise.resolve({ dims: [length], buffer: values, dispose: () => undefined });
  }

  read(name: GroupName): Promise<Float32Array> {
    const { values, length } = this.group(name);
    return this.floats(values, length);
  }

  async update(): Promise<UpdateReport> {
    const { adam, maxGradientNorm } = this.settings;
    const { groups, normPartials: partials, verdict, lossScale } = this.buffers;
    // The bias corrections 1 - β^t want float64, so the step is the host's and not the one that the GPU counts.
    const step = this.counters.step + 1;
    this.queue.submit([
      ...gradientNorm(groups, { partials, lossScale, verdict }, maxGradientNorm),
      ...groups.map(({ settings: { learningRate, weightDecay }, length, ...buffers }) =>
        adamw(length, { ...buffers, verdict }, { ...adam, learningRate, weightDecay, step }),
      ),
      updateLossScale({ verdict, state: lossScale }, this.settings.lossScale),
    ]);
    const bytes = await this.queue.readTogether([
      [verdict, VERDICT_BYTES],
      [lossScale, LOSS_SCALE_BYTES],
    ]);
    const { norm, skip } = readVerdict(bytes.slice(0, VERDICT_BYTES));
    this.counters = readLossScale(bytes.slice(VERDICT_BYTES));
    return { gradientNorm: skip ? NaN : norm, skipped: skip };
  }

  async state(): Promise<OptimiserState> {
    return {
      values: await this.gather("values"),
      m: await this.gather("m"),
      v: await this.gather("v"),
      ...this.counters,
    };
  }

  restore(state: OptimiserState): Promise<void> {
    this.flat.check(state);
    const { device } = this.queue;
    const commands = device.createCommandEncoder();
    for (const group of this.buffers.groups) {
      for (const kind of ["values", "m", "v"] as const) {
        device.queue.writeBuffer(group[kind], 0, this.flat.part(group.settings.name, state[kind]));
      }
      commands.clearBuffer(group.gradient);
    }
    device.queue.submit([commands.finish()]);
    this.counters = this.writeCounters(state);
    return Promise.resolve();
  }

  release(): Promise<void> {
    this.buffers.release();
    this.pool.release();
    this.queue.release();
    return Promise.resolve();
  }

  /** Puts the counters on the GPU, and gives them as they are there: the scale is a float32. */
  private writeCounters(counters: LossScaleState): LossScaleState {
    const bytes = packLossScale(counters);
    this.queue.device.queue.writeBuffer(this.buffers.lossScale, 0, bytes);
    return readLossScale(bytes);
  }

  private shapeOf(features: HostTensor): KvProjectionShape {
    const { tokens, textWidth, columns } = this.settings;
    const batch = features.dims[0] ?? 0;
    expectLength(features, batch * tokens * textWidth, "text features");
    return { batch, tokens, textWidth, columns };
  }

  private group(name: GroupName): GroupBuffers {
    const group = this.buffers.groups.find(({ settings }) => settings.name === name);
    if (group !== undefined) return group;
    throw new StudioError("internal", `The parameter group "${name}" is not trained.`);
  }

  /** Hands `work` a buffer with the tensor; one that had to be made is free again once `work` has submitted its commands. */
  private async lend(
    tensor: Tensor,
    what: string,
    work: (buffer: GPUBuffer) => void | Promise<void>,
  ): Promise<void> {
    if (isOnDevice(tensor)) {
      await work(tensor.buffer);
      return;
    }
    const buffer = await this.pool.upload(tensor.data, what);
    await work(buffer);
    this.pool.give(buffer);
  }

  private async floats(buffer: GPUBuffer, length: number): Promise<Float32Array> {
    return new Float32Array(await this.queue.read(buffer, 4 * length));
  }

  /** One array of every group, end to end. */
  private async gather(kind: "values" | "m" | "v"): Promise<Float32Array> {
    const all = new Float32Array(this.flat.length);
    for (const { settings, length, ...buffers } of this.buffers.groups) {
      this.flat.part(settings.name, all).set(await this.floats(buffers[kind], length));
    }
    return all;
  }
}

function expectLength({ dims }: Tensor, length: number, what: string): void {
  if (elementCount(dims) === length) return;
  throw new StudioError(
    "internal",
    `The tensor of ${what} is [${dims.join(", ")}], which is not ${length} elements.`,
  );
}
