/** @file Steps that are waited for: losses and rows come to ordinary memory in each of them. */
import type { TrainSettings } from "../../core/train/settings.ts";
import type { Timings } from "../timings.ts";
import type { TrainingArithmetic } from "./arithmetic.ts";
import type { Sample } from "./draw.ts";
import type { StepGradients } from "./step-gradients.ts";
import { type StepReport, stepReport, type Steps } from "./step-report.ts";

interface Parts {
  readonly gradients: StepGradients;
  readonly arithmetic: TrainingArithmetic;
  readonly timings: Timings;
}

export class WaitedSteps implements Steps {
  readonly due = true;
  private readonly settings: TrainSettings;
  private readonly parts: Parts;
  /** Values of the rows, read back after every update. */
  private rows: Float32Array;
  private untold: StepReport[] = [];

  constructor(settings: TrainSettings, parts: Parts, rows: Float32Array) {
    this.settings = settings;
    this.parts = parts;
    this.rows = rows;
  }

  /** Micro-batches, one update. */
  async take(step: number, samples: readonly Sample[]): Promise<void> {
    const { gradients, arithmetic, timings } = this.parts;
    const { microBatch } = this.settings;
    await gradients.prepare(samples);
    const start = performance.now();
    const shares = new Float32Array(samples.length);
    for (let from = 0; from < samples.length; from += microBatch) {
      const part = samples.slice(from, from + microBatch);
      shares.set(await gradients.accumulate(part, samples.length, this.rows), from);
    }
    const update = await timings.measure("update", () => arithmetic.update());
    await this.restored();
    const kinds = samples.map(({ kind }) => kind);
    const milliseconds = performance.now() - start;
    await timings.over("training step", milliseconds);
    this.untold.push(stepReport({ step, kinds }, shares, update, milliseconds));
  }

  reports(): Promise<StepReport[]> {
    const { untold } = this;
    this.untold = [];
    return Promise.resolve(untold);
  }

  warmUp(): Promise<void> {
    return this.parts.gradients.warmUp();
  }

  async restored(): Promise<void> {
    if (this.settings.train === "kv") return;
    this.parts.gradients.rowsChanged();
    this.rows = await this.parts.arithmetic.read("tokens");
  }

  release(): Promise<void> {
    return this.parts.gradients.release();
  }
}
