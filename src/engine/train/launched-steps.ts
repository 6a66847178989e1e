/**
 * @file Steps that are launched on the GPU one behind the other. Losses, norms and verdicts are copied to a log there, and
 * come back for several steps at once: about once a second, and whenever somebody asks.
 */
import type { TrainSettings } from "../../core/train/settings.ts";
import { StudioError } from "../../core/errors.ts";
import { createStorage } from "../kernels/buffers.ts";
import { readBuffers } from "../kernels/read-back.ts";
import { type DeviceTensor, isOnDevice, type Tensor } from "../tensor.ts";
import { type LaunchedArithmetic, MOST_LAUNCHED, REPORT_BYTES } from "./arithmetic.ts";
import type { Timings } from "../timings.ts";
import type { DeviceCaptions } from "./device-captions.ts";
import type { Sample } from "./draw.ts";
import type { GradientSession } from "./gradients.ts";
import { type StepReport, stepReport, type Steps, type StepTaken } from "./step-report.ts";

/** Milliseconds between two looks at the losses. */
const LOOK_EVERY = 1000;

interface Parts {
  readonly captions: DeviceCaptions;
  readonly gradients: GradientSession;
  readonly arithmetic: LaunchedArithmetic;
}

export class LaunchedSteps implements Steps {
  private readonly settings: TrainSettings;
  private readonly parts: Parts;
  private readonly device: GPUDevice;
  private readonly timings: Timings;
  /** For each step what the update reports, and the samples' shares of the loss. */
  private readonly log: GPUBuffer;
  private readonly launched: StepTaken[] = [];
  /** When the first of them was launched. */
  private start = 0;
  /** How many are launched before they are waited for; found by how long they take. */
  private most = 1;

  private constructor(
    settings: TrainSettings,
    parts: Parts,
    { device, timings }: { readonly device: GPUDevice; readonly timings: Timings },
    log: GPUBuffer,
  ) {
    this.settings = settings;
    this.parts = parts;
    this.device = device;
    this.timings = timings;
    this.log = log;
  }

  static async create(
    settings: TrainSettings,
    parts: Parts,
    runtime: { readonly device: GPUDevice; readonly timings: Timings },
  ): Promise<LaunchedSteps> {
    const words = (MOST_LAUNCHED * slotBytes(settings)) / 4;
    const log = await createStorage(runtime.device, words, "losses");
    return new LaunchedSteps(settings, parts, runtime, log);
  }

  get due(): boolean {
    return this.launched.length >= this.most;
  }

  async take(step: number, samples: readonly Sample[]): Promise<void> {
    if (this.launched.length === MOST_LAUNCHED) {
      throw new StudioError("internal", "Steps were launched whose reports nobody asked for.");
    }
    if (this.launched.length === 0) this.start = performance.now();
    const { microBatch } = this.settings;
    const slot = this.launched.length * slotBytes(this.settings);
    for (let from = 0; from < samples.length; from += microBatch) {
      const part = samples.slice(from, from + microBatch);
      await this.accumulate(part, samples.length, slot + REPORT_BYTES + 4 * from);
    }
    this.parts.arithmetic.launchUpdate(this.log, slot);
    await this.restored();
    this.launched.push({ step, kinds: samples.map(({ kind }) => kind) });
  }

  async reports(): Promise<StepReport[]> {
    const taken = this.launched.splice(0);
    if (taken.length === 0) return [];
    const slot = slotBytes(this.settings);
    const bytes = await this.timings.measure("read-back", () =>
      readBuffers(this.device, [[this.log, taken.length * slot]]),
    );
    const whole = performance.now() - this.start;
    const milliseconds = whole / taken.length;
    await this.timings.over("training step", whole, taken.length);
    this.most = Math.max(1, Math.min(MOST_LAUNCHED, Math.floor(LOOK_EVERY / milliseconds)));
    return taken.map((step, i) => {
      const own = bytes.slice(i * slot, (i + 1) * slot);
      const shares = new Float32Array(own, REPORT_BYTES, step.kinds.length);
      return stepReport(step, shares, this.parts.arithmetic.readReport(own), milliseconds);
    });
  }

  async warmUp(): Promise<void> {
    await this.parts.captions.warmUp();
    await this.parts.gradients.warmUp();
  }

  restored(): Promise<void> {
    if (this.settings.train !== "kv") this.parts.captions.rowsChanged();
    return Promise.resolve();
  }

  async release(): Promise<void> {
    await this.parts.gradients.release();
    await this.parts.captions.release();
    this.log.destroy();
  }

  /** Launches a micro-batch's gradients, and the copy of its losses to the log. */
  private async accumulate(
    samples: readonly Sample[],
    batch: number,
    logOffset: number,
  ): Promise<void> {
    const { arithmetic, captions, gradients } = this.parts;
    const { train } = this.settings;
    const texts = samples.map(({ caption }) => caption);
    const used: DeviceTensor[] = [];
    const keep = (tensor: Tensor): DeviceTensor => {
      if (!isOnDevice(tensor))
        throw new StudioError("internal", "A tensor came back from the GPU.");
      used.push(tensor);
      return tensor;
    };
    try {
      const rows = train === "kv" ? null : keep(await arithmetic.values("tokens"));
      const features = keep(await captions.features(texts, rows));
      const kv = keep(await arithmetic.projectKv(features));
      const queryOut = train === "crossattn" ? keep(await arithmetic.values("query_out")) : null;
      const lossScale = arithmetic.launchedScale;
      const result = await gradients.run(samples, batch, { kv, queryOut, lossScale });
      this.copyLosses(keep(result.shares).buffer, samples.length, logOffset);
      const dFeatures = keep(await arithmetic.launchBackwardKv(features, keep(result.kv)));
      if (result.queryOut !== null) await arithmetic.accumulate("query_out", keep(result.queryOut));
      if (rows !== null) {
        const gradient = keep(await captions.rowGradient(texts, rows, dFeatures));
        await arithmetic.accumulate("tokens", gradient);
      }
    } finally {
      for (const tensor of used) tensor.dispose();
    }
  }

  private copyLosses(losses: GPUBuffer, count: number, logOffset: number): void {
    const commands = this.device.createCommandEncoder();
    commands.copyBufferToBuffer(losses, 0, this.log, logOffset, 4 * count);
    this.device.queue.submit([commands.finish()]);
  }
}

function slotBytes({ batch }: TrainSettings): number {
  return REPORT_BYTES + 4 * batch;
}
