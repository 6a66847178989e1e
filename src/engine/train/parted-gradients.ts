/** @file A micro-batch's gradients from one session after the other: captions, K/V, the training graph, and back. */
import type { TrainMode } from "../../core/concept/concept.ts";
import { hostData, isOnDevice, type Tensor } from "../tensor.ts";
import type { TrainingArithmetic } from "./arithmetic.ts";
import type { Captions } from "./captions.ts";
import type { Sample } from "./draw.ts";
import type { GradientSession } from "./gradients.ts";
import type { StepGradients } from "./step-gradients.ts";

interface Parts {
  readonly captions: Captions;
  readonly gradients: GradientSession;
  readonly arithmetic: TrainingArithmetic;
}

export class PartedGradients implements StepGradients {
  private readonly train: TrainMode;
  private readonly parts: Parts;

  constructor(train: TrainMode, parts: Parts) {
    this.train = train;
    this.parts = parts;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async accumulate(
    samples: readonly Sample[],
    batch: number,
    rows: Float32Array,
  ): Promise<Float32Array> {
    const { arithmetic, captions, gradients } = this.parts;
    const texts = samples.map(({ caption }) => caption);
    const features = await captions.features(texts, rows);
    const onDevice: Tensor[] = [];
    try {
      const kv = await arithmetic.projectKv(features);
      onDevice.push(kv);
      const trainsQueryOut = this.train === "crossattn";
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
      if (this.train !== "kv") {
        const data = await captions.rowGradient(texts, rows, dFeatures);
        await arithmetic.accumulate("tokens", { dims: [data.length], data });
      }
      return Float32Array.from(hostData(result.shares));
    } finally {
      for (const tensor of onDevice) if (isOnDevice(tensor)) tensor.dispose();
    }
  }

  rowsChanged(): void {
    this.parts.captions.rowsChanged();
  }

  warmUp(): Promise<void> {
    return this.parts.gradients.warmUp();
  }

  async release(): Promise<void> {
    await this.parts.gradients.release();
    await this.parts.captions.release();
  }
}
