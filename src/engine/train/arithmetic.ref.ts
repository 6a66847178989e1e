/** @file The arithmetic of a training step in plain loops and float64, from the equations: what both backends are held to. */
import { projectKv, projectKvBackward } from "../../core/surgery/kv-projection.ts";
import { adamwReference } from "../kernels/adamw/reference.ref.ts";
import { gradientNormReference } from "../kernels/gradient-norm/reference.ref.ts";
import type { ArithmeticSettings, GroupName, ParameterGroup } from "./arithmetic.ts";

interface Group {
  readonly settings: ParameterGroup;
  readonly values: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
  readonly gradient: Float64Array;
}

export class ReferenceArithmetic {
  lossScale: number;
  goodSteps = 0;
  skipped = 0;
  step = 0;
  private readonly settings: ArithmeticSettings;
  private readonly groups: readonly Group[];

  constructor(settings: ArithmeticSettings) {
    this.settings = settings;
    this.lossScale = settings.lossScale?.initial ?? 1;
    this.groups = settings.groups.map((group) => ({
      settings: group,
      values: Float64Array.from(group.initial),
      m: new Float64Array(group.initial.length),
      v: new Float64Array(group.initial.length),
      gradient: new Float64Array(group.initial.length),
    }));
  }

  /** KV [B, L, S] of c [B, L, E]. */
  projectKv(c: ArrayLike<number>): Float64Array {
    return projectKv(c, this.weights(), this.shape(c));
  }

  /** dc [B, L, E]; dW is added to the gradient of "kv" where that is trained. */
  backwardKv(c: ArrayLike<number>, dKv: ArrayLike<number>): Float64Array {
    const { dW, dC } = projectKvBackward(c, this.weights(), dKv, this.shape(c));
    if (this.find("kv") !== undefined) this.accumulate("kv", dW);
    return dC;
  }

  accumulate(name: GroupName, gradient: ArrayLike<number>): void {
    const sum = this.find(name)!.gradient;
    for (let i = 0; i < sum.length; i++) sum[i]! += gradient[i]!;
  }

  /** One update; the norm is NaN where it is skipped. */
  update(): number {
    const { adam, maxGradientNorm, lossScale } = this.settings;
    const settings = { scale: this.lossScale, limit: maxGradientNorm };
    const verdict = gradientNormReference(this.flat("gradient"), settings);
    if (!verdict.skip) {
      this.step++;
      for (const { settings, gradient, ...arrays } of this.groups) {
        const { learningRate, weightDecay } = settings;
        const step = { ...adam, learningRate, weightDecay, step: this.step };
        adamwReference(arrays, gradient, verdict.multiplier, step);
      }
    }
    for (const { gradient } of this.groups) gradient.fill(0);
    if (verdict.skip) this.skipped++;
    if (lossScale !== null) {
      this.goodSteps = verdict.skip ? 0 : this.goodSteps + 1;
      if (verdict.skip) this.lossScale *= lossScale.backoffFactor;
      if (this.goodSteps === lossScale.growthInterval) {
        this.lossScale *= lossScale.growthFactor;
        this.goodSteps = 0;
      }
    }
    return verdict.skip ? NaN : verdict.norm;
  }

  /** An array of every group, end to end. */
  flat(kind: "values" | "m" | "v" | "gradient"): Float64Array {
    return Float64Array.from(this.groups.flatMap((group) => [...group[kind]]));
  }

  private find(name: GroupName): Group | undefined {
    return this.groups.find(({ settings }) => settings.name === name);
  }

  private weights(): ArrayLike<number> {
    return this.find("kv")?.values ?? this.settings.kvWeights;
  }

  private shape(c: ArrayLike<number>) {
    const { tokens, textWidth, columns } = this.settings;
    return { batch: c.length / (tokens * textWidth), tokens, textWidth, columns };
  }
}
