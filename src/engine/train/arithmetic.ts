/**
 * @file What a training step computes outside of the ONNX graphs, as one interface for both backends: projections,
 * their gradients, the gradient's norm, AdamW. On WebGPU these are our own kernels, on wasm sessions and plain loops.
 */
import type { DeviceTensor, HostTensor, Tensor } from "../tensor.ts";

/** What can be trained: all K/V projections [E, S], the face mode's query and output projections, the rows of V*. */
export type GroupName = "kv" | "query_out" | "tokens";

/** A trained part of the flat parameter vector, with its own step size. */
export interface ParameterGroup {
  readonly name: GroupName;
  readonly initial: Float32Array;
  readonly learningRate: number;
  /** Decoupled weight decay of AdamW. */
  readonly weightDecay: number;
}

/** AdamW (Loshchilov & Hutter, arXiv 1711.05101), with PyTorch's defaults. */
export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** Dynamic loss scaling (Micikevicius et al., arXiv 1710.03740; torch.amp.GradScaler). */
export interface LossScaleSettings {
  readonly initial: number;
  /** Factor after `growthInterval` good steps in a row. */
  readonly growthFactor: number;
  /** Factor after a step with a gradient that is not finite. */
  readonly backoffFactor: number;
  readonly growthInterval: number;
}

export interface ArithmeticSettings {
  /** Groups that are trained, in the order of the flat vector. A group that is missing stays as it is. */
  readonly groups: readonly ParameterGroup[];
  /** Packed weights [E, S] that K/V come from where "kv" is not trained. */
  readonly kvWeights: Float32Array;
  readonly textWidth: number;
  readonly columns: number;
  /** L */
  readonly tokens: number;
  readonly adam: AdamSettings;
  /** Global L2 norm that gradients are cut down to; null leaves them. */
  readonly maxGradientNorm: number | null;
  /** Null where gradients are float32 all the way: a scale of 1 that never changes. */
  readonly lossScale: LossScaleSettings | null;
}

/** Everything a run needs to go on where it stopped: flat over the groups, in their order. */
export interface OptimiserState {
  readonly values: Float32Array;
  /** First and second moments. */
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** Updates applied. */
  readonly step: number;
  readonly lossScale: number;
  /** Good steps since the scale last changed. */
  readonly goodSteps: number;
  /** Steps left out because a gradient was not finite. */
  readonly skipped: number;
}

export interface UpdateReport {
  /** Global L2 norm of the unscaled gradient before clipping; not finite where the step was left out. */
  readonly gradientNorm: number;
  readonly skipped: boolean;
}

export interface TrainingArithmetic {
  /** Packed keys and values [B, L, S] of text features c [B, L, E], with the weights as they are now. */
  projectKv(features: Tensor): Promise<Tensor>;
  /**
   * Adds dW to the gradient of "kv" where it is trained, and gives dc [B, L, E] (scaled like dKv).
   * Rows of the start token (position 0 of every sample) are detached from both.
   * @param wanted samples whose dc is of use, all where left out; what the others have means nothing
   */
  backwardKv(features: HostTensor, dKv: Tensor, wanted?: readonly number[]): Promise<HostTensor>;
  /** Adds to a group's gradient. */
  accumulate(group: GroupName, gradient: Tensor): Promise<void>;
  /** The present values of a group as a session's input [N]; the caller disposes of it. */
  values(group: GroupName): Promise<Tensor>;
  /** A copy of the present values of a group in ordinary memory. */
  read(group: GroupName): Promise<Float32Array>;
  /** The loss scale that the next gradients must carry. */
  readonly lossScale: number;
  /** One AdamW update from what was accumulated, which is then cleared; left out where it is not finite. */
  update(): Promise<UpdateReport>;
  /** A copy. */
  state(): Promise<OptimiserState>;
  restore(state: OptimiserState): Promise<void>;
  release(): Promise<void>;
}

/** Updates that may be launched before somebody waits for what came of them. */
export const MOST_LAUNCHED = 32;

/** Arithmetic on the GPU, whose steps can be launched without waiting for the ones before. */
export interface LaunchedArithmetic extends TrainingArithmetic {
  /** The loss scale as the launched updates will have left it, for the next gradients; it is the arithmetic's own. */
  readonly launchedScale: DeviceTensor;
  /** `backwardKv` whose result stays on the GPU; the caller disposes of it. */
  launchBackwardKv(features: Tensor, dKv: Tensor): Promise<DeviceTensor>;
  /**
   * `update` that nobody waits for: its report is written to 8 words of a buffer.
   * @throws StudioError "internal" where `MOST_LAUNCHED` are launched and none of their reports was read
   */
  launchUpdate(log: GPUBuffer, byteOffset: number): void;
  /** Reads such words; those of the last update must be among what is read. */
  readReport(words: ArrayBuffer): UpdateReport;
}

export const REPORT_BYTES = 32;
