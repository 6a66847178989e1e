/** @file Steps that are waited for: losses, dc and rows come to ordinary memory in each of them. */
import { hostData, isOnDevice, type Tensor } from "../tensor.ts";
import type { Timings } from "../timings.ts";
import type { TrainingArithmetic } from "./arithmetic.ts";
import type { Captions } from "./captions.ts";
import type { Sample } from "./draw.ts";
import type { GradientSession } from "./gradients.ts";
import type { TrainSettings } from "../../core/train/settings.ts";
import { type StepReport, stepReport, type Steps } from "./step-report.ts";

export class WaitedSteps implements Steps {
  readonly due = true;
  private readonly settings: TrainSettings;
  private readonly captions: Captions;
  private readonly gradients: GradientSession;
  private readonly arithmetic: TrainingArithmetic;
  /** Values of the rows, read back after every update. */
  private rows: Float32Array;
  private readonly timings: Timings;
  private untold: StepReport[] = [];

  constructor(
    settings: TrainSettings,
    parts: {
      readonly captions: Captions;
      readonly gradients: GradientSession;
      readonly arithmetic: TrainingArithmetic;
    },
    rows: Float32Array,
    timings: Timings,
  ) {
    this.settings = settings;
    this.captions = parts.captions;
    this.gradients = parts.gradients;
    this.arithmetic = parts.arithmetic;
    this.rows = rows;
    this.timings = timings;
  }

  /** Micro-batches, one update. */
  async take(step: number, samples: readonly Sample[]): Promise<void> {
    const start = performance.now();
    const { microBatch } = this.settings;
    const shares = new Float32Array(samples.length);
    for (let from = 0; from < samples.length; from += microBatch) {
      const part = samples.slice(from, from + microBatch);
      shares.set(await this.accumulate(part, samples.length), from);
    }
    const update = await this.timings.measure("update", () => this.arithmetic.update());
    await this.restored();
    const kinds = samples.map(({ kind }) => kind);
    const milliseconds = performance.now() - start;
    await this.timings.over("training step", milliseconds);
    this.untold.push(stepReport({ step, kinds }, shares, update, milliseconds));
  }

  reports(): Promise<StepReport[]> {
    const { untold } = this;
    this.untold = [];
    return Promise.resolve(untold);
  }

  warmUp(): Promise<void> {
    return this.gradients.warmUp();
  }

  async restored(): Promise<void> {
    if (this.settings.train === "kv") return;
    this.captions.rowsChanged();
    this.rows = await this.arithmetic.read("tokens");
  }

  async release(): Promise<void> {
    await this.gradients.release();
    await this.captions.release();
  }

  /** Adds a micro-batch's gradients; gives the samples' shares of the loss. */
  private async accumulate(samples: readonly Sample[], batch: number): Promise<Float32Array> {
    const { arithmetic, captions, gradients } = this;
    const texts = samples.map(({ caption }) => caption);
    const features = await captions.features(texts, this.rows);
    const onDevice: Tensor[] = [];
    try {
      const kv = await arithmetic.projectKv(features);
      onDevice.push(kv);
      const trainsQueryOut = this.settings.train === "crossattn";
      const queryOut = trainsQueryOut ? await arithmetic.values("query_out") : null;
      if (queryOut !== null) onDevice.push(queryOut);
      const { lossScale } = arithmetic;
      const result = await gradients.run(samples, batch, { kv, queryOut, lossScale });
      onDevice.push(result.kv, ...(result.queryOut === null ? [] : [result.queryOut]));
      const dFeatures = await arithmetic.backwardKv(
        features,
        result.kv,
        captions.withGradient(texts),
      );
      if (result.queryOut !== null) await arithmetic.accumulate("query_out", result.queryOut);
      if (this.settings.train !== "kv") {
        const data = await captions.rowGradient(texts, this.rows, dFeatures);
        await arithmetic.accumulate("tokens", { dims: [data.length], data });
      }
      return Float32Array.from(hostData(result.shares));
    } finally {
      for (const tensor of onDevice) if (isOnDevice(tensor)) tensor.dispose();
    }
  }
}
