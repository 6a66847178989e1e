/**
 * @file The arithmetic of a training step on the GPU: our own kernels on the device of the sessions. Values, moments and
 * gradients stay there. Steps that are launched bring nothing back; others bring dc, and 32 bytes about the update.
 */
import { StudioError } from "../../core/errors.ts";
import type { KvProjectionShape } from "../../core/surgery/kv-projection.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import { accumulate, accumulateKernel } from "../kernels/accumulate/index.ts";
import { adamw, adamwKernel, corrections } from "../kernels/adamw/index.ts";
import { BufferPool } from "../kernels/buffers.ts";
import { chooseProduct, productOf } from "../kernels/choose-product.ts";
import { chooseReduction, reductionOf } from "../kernels/choose-reduction.ts";
import {
  gradientNorm,
  gradientNormKernels,
  readVerdict,
  VERDICT_BYTES,
} from "../kernels/gradient-norm/index.ts";
import type { Reduction } from "../kernels/gradient-norm/sum.wgsl.ts";
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
import type { Variant } from "../kernels/tiled-matmul/variant.ts";
import { type DeviceTensor, type HostTensor, isOnDevice, type Tensor } from "../tensor.ts";
import {
  type ArithmeticSettings,
  type GroupName,
  type LaunchedArithmetic,
  MOST_LAUNCHED,
  type OptimiserState,
  REPORT_BYTES,
  type UpdateReport,
} from "./arithmetic.ts";
import { FlatGroups } from "./flat-groups.ts";
import {
  CORRECTIONS,
  createParameterBuffers,
  type GroupBuffers,
  type ParameterBuffers,
} from "./parameter-buffers.ts";

export interface KernelChoice {
  /** Measures which kernels are fastest for micro-batches of so many samples, once a device. */
  readonly tunedFor?: number;
  /**
   * Lets products round their operands to float16, where that is measured to be faster and gradients carry no loss scale:
   * these products have their own.
   */
  readonly half?: boolean;
}

/** @throws StudioError "backend-unavailable" where the GPU has too little memory */
export async function createWebGpuArithmetic(
  device: GPUDevice,
  settings: ArithmeticSettings,
  choice: KernelChoice = {},
): Promise<LaunchedArithmetic> {
  const { tunedFor } = choice;
  const half = choice.half === true && settings.lossScale === null;
  const queue = new KernelQueue(device);
  if (tunedFor !== undefined) {
    await chooseProduct(queue, { ...settings, batch: tunedFor }, half);
    await chooseReduction(queue, settings.kvWeights.length);
  }
  const kernels = { product: productOf(device, settings, half), reduction: reductionOf(device) };
  await queue.prepare([
    kvProjectionKernel(kernels.product),
    ...kvBackwardKernels(kernels.product),
    accumulateKernel,
    ...gradientNormKernels(kernels.reduction),
    adamwKernel,
    lossScaleKernel,
  ]);
  const buffers = await createParameterBuffers(device, settings);
  return new WebGpuArithmetic(queue, settings, buffers, kernels);
}

/** The variants in use. */
interface Kernels {
  readonly product: Variant;
  readonly reduction: Reduction;
}

class WebGpuArithmetic implements LaunchedArithmetic {
  private readonly queue: KernelQueue;
  private readonly pool: BufferPool;
  private readonly settings: ArithmeticSettings;
  private readonly flat: FlatGroups;
  private readonly buffers: ParameterBuffers;
  private readonly kernels: Kernels;
  /** What the GPU holds, as it was last written or read. */
  private counters: LossScaleState;
  /** Updates launched since. */
  private launched = 0;
  /** How many updates came before the first that the table of corrections on the GPU is for. */
  private firstStep = 0;

  constructor(
    queue: KernelQueue,
    settings: ArithmeticSettings,
    buffers: ParameterBuffers,
    kernels: Kernels,
  ) {
    this.queue = queue;
    this.pool = new BufferPool(queue.device);
    this.settings = settings;
    this.flat = new FlatGroups(settings.groups);
    this.buffers = buffers;
    this.kernels = kernels;
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

  get launchedScale(): DeviceTensor {
    return { dims: [], buffer: this.buffers.lossScale, dispose: () => undefined };
  }

  async projectKv(features: Tensor): Promise<DeviceTensor> {
    const shape = this.shapeOf(features);
    const dims = [shape.batch, shape.tokens, shape.columns];
    const kv = await this.pool.take(elementCount(dims), "keys and values");
    await this.lend(features, "text features", (c) => {
      this.queue.submit(
        kvProjection(shape, { c, w: this.buffers.weights, kv }, undefined, this.kernels.product),
      );
    });
    return this.pooled(kv, dims);
  }

  async backwardKv(features: HostTensor, dKv: Tensor): Promise<HostTensor> {
    const dC = await this.launchBackwardKv(features, dKv);
    const data = await this.floats(dC.buffer, elementCount(dC.dims));
    dC.dispose();
    return { dims: features.dims, data };
  }

  async launchBackwardKv(features: Tensor, dKv: Tensor): Promise<DeviceTensor> {
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
            : kvWeightGradient(
                shape,
                { c, dKv: gradient, dW: trained.gradient },
                undefined,
                this.kernels.product,
              );
        const buffers = { dKv: gradient, w: weights, partials, dC };
        const text = kvTextGradient(shape, buffers, undefined, undefined, this.kernels.product);
        this.queue.submit([...dW, ...text]);
      }),
    );
    this.pool.give(partials);
    return this.pooled(dC, features.dims);
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
    const { verdict, lossScale } = this.buffers;
    this.submitUpdate();
    return this.readReport(
      await this.queue.readTogether([
        [verdict, VERDICT_BYTES],
        [lossScale, LOSS_SCALE_BYTES],
      ]),
    );
  }

  launchUpdate(log: GPUBuffer, byteOffset: number): void {
    const { verdict, lossScale } = this.buffers;
    this.submitUpdate();
    const { device } = this.queue;
    const commands = device.createCommandEncoder();
    commands.copyBufferToBuffer(verdict, 0, log, byteOffset, VERDICT_BYTES);
    const behind = byteOffset + VERDICT_BYTES;
    commands.copyBufferToBuffer(lossScale, 0, log, behind, LOSS_SCALE_BYTES);
    device.queue.submit([commands.finish()]);
  }

  readReport(words: ArrayBuffer): UpdateReport {
    const { norm, skip } = readVerdict(words.slice(0, VERDICT_BYTES));
    this.counters = readLossScale(words.slice(VERDICT_BYTES, REPORT_BYTES));
    this.launched = 0;
    return { gradientNorm: skip ? NaN : norm, skipped: skip };
  }

  private submitUpdate(): void {
    if (this.launched >= MOST_LAUNCHED) {
      throw new StudioError("internal", "Too many updates were launched that nobody waited for.");
    }
    const { adam, maxGradientNorm } = this.settings;
    const { groups, normPartials: partials, verdict, lossScale, corrections: table } = this.buffers;
    // Which of the launched updates are left out only the GPU knows: the table is long enough for either.
    if (this.counters.step + MOST_LAUNCHED > this.firstStep + CORRECTIONS && this.launched === 0) {
      this.writeCorrections(this.counters.step);
    }
    const { firstStep } = this;
    this.queue.submit([
      ...gradientNorm(
        groups,
        { partials, lossScale, verdict },
        maxGradientNorm,
        undefined,
        this.kernels.reduction,
      ),
      ...groups.map(({ settings: { learningRate, weightDecay }, length, ...buffers }) =>
        adamw(
          length,
          { ...buffers, verdict, state: lossScale, table },
          { ...adam, learningRate, weightDecay, firstStep },
        ),
      ),
      updateLossScale({ verdict, state: lossScale }, this.settings.lossScale),
    ]);
    this.launched++;
  }

  private writeCorrections(firstStep: number): void {
    const table = corrections(this.settings.adam, firstStep, CORRECTIONS);
    this.queue.device.queue.writeBuffer(this.buffers.corrections, 0, table);
    this.firstStep = firstStep;
  }

  async state(): Promise<OptimiserState> {
    const { groups, lossScale } = this.buffers;
    const kinds = ["values", "m", "v"] as const;
    const bytes = await this.queue.readTogether([
      [lossScale, LOSS_SCALE_BYTES],
      ...kinds.flatMap((kind) => groups.map((group) => [group[kind], 4 * group.length] as const)),
    ]);
    const part = (i: number): Float32Array =>
      new Float32Array(
        bytes,
        LOSS_SCALE_BYTES + 4 * i * this.flat.length,
        this.flat.length,
      ).slice();
    const counters = readLossScale(bytes.slice(0, LOSS_SCALE_BYTES));
    return { values: part(0), m: part(1), v: part(2), ...counters };
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

  private pooled(buffer: GPUBuffer, dims: readonly number[]): DeviceTensor {
    let held = true;
    return {
      dims,
      buffer,
      dispose: () => {
        if (held) this.pool.give(buffer);
        held = false;
      },
    };
  }

  /** Puts the counters on the GPU, and gives them as they are there: the scale is a float32. */
  private writeCounters(counters: LossScaleState): LossScaleState {
    const bytes = packLossScale(counters);
    this.queue.device.queue.writeBuffer(this.buffers.lossScale, 0, bytes);
    this.launched = 0;
    this.writeCorrections(counters.step);
    return readLossScale(bytes);
  }

  private shapeOf(features: Tensor): KvProjectionShape {
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
}

function expectLength({ dims }: Tensor, length: number, what: string): void {
  if (elementCount(dims) === length) return;
  throw new StudioError(
    "internal",
    `The tensor of ${what} is [${dims.join(", ")}], which is not ${length} elements.`,
  );
}
