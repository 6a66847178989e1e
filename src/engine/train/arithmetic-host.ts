/** @file The arithmetic of a training step on wasm: products as onnxruntime sessions, the rest as plain loops. */
import { StudioError } from "../../core/errors.ts";
import { adamw } from "../../core/optim/adamw.ts";
import { sumOfSquares } from "../../core/optim/sum-of-squares.ts";
import { noExternalData } from "../../core/onnx/materialise.ts";
import {
  type KvBackwardGraph,
  kvBackwardGraph,
  kvForwardGraph,
} from "../../core/surgery/kv-graphs.ts";
import type { Runtime } from "../ort/runtime.ts";
import { Session } from "../ort/session.ts";
import { type HostTensor, isOnDevice, type Tensor } from "../tensor.ts";
import type {
  ArithmeticSettings,
  GroupName,
  OptimiserState,
  ParameterGroup,
  TrainingArithmetic,
  UpdateReport,
} from "./arithmetic.ts";
import { FlatGroups } from "./flat-groups.ts";
import { clipCoefficient, LossScale } from "./loss-scale.ts";

/** @throws StudioError "session-failed" with onnxruntime's reason, when a batch size is first met */
export function createHostArithmetic(
  runtime: Runtime,
  settings: ArithmeticSettings,
): TrainingArithmetic {
  return new HostArithmetic(runtime, settings);
}

interface Backward {
  readonly session: Session;
  readonly graph: KvBackwardGraph;
}

class HostArithmetic implements TrainingArithmetic {
  private readonly runtime: Runtime;
  private readonly settings: ArithmeticSettings;
  private readonly groups: FlatGroups;
  private readonly values_: Float32Array;
  private readonly gradient: Float32Array;
  private readonly m: Float32Array;
  private readonly v: Float32Array;
  private readonly scale: LossScale;
  private step = 0;
  /** Groups whose gradient has something in it. */
  private readonly begun = new Set<GroupName>();
  /** Sessions by batch size, the backward ones also by how many samples' dc is wanted, made when first needed. */
  private readonly forward = new Map<number, Promise<Session>>();
  private readonly backward = new Map<string, Promise<Backward>>();

  constructor(runtime: Runtime, settings: ArithmeticSettings) {
    this.runtime = runtime;
    this.settings = settings;
    this.groups = new FlatGroups(settings.groups);
    this.values_ = this.groups.initial();
    this.gradient = new Float32Array(this.groups.length);
    this.m = new Float32Array(this.groups.length);
    this.v = new Float32Array(this.groups.length);
    this.scale = new LossScale(settings.lossScale);
  }

  get lossScale(): number {
    return this.scale.value;
  }

  async projectKv(features: Tensor): Promise<HostTensor> {
    const batch = features.dims[0] ?? 0;
    const session = await this.forwardSession(batch);
    return session.runOne({ features, weights: this.weights() });
  }

  async backwardKv(
    features: HostTensor,
    dKv: Tensor,
    given?: readonly number[],
  ): Promise<HostTensor> {
    const { tokens, textWidth } = this.settings;
    const [batch = 0] = features.dims;
    const all = Array.from({ length: batch }, (_, i) => i);
    const wanted = this.runtime.optimisations.has("short-text-gradients") ? (given ?? all) : all;
    const size = tokens * textWidth;
    const data = new Float32Array(batch * size);
    if (wanted.length === 0 && !this.groups.has("kv")) return { dims: features.dims, data };
    const { session, graph } = await this.backwardSession(batch, wanted.length);
    const feeds = {
      d_kv: dKv,
      ...(graph.dWeights === null ? {} : { features: this.detached(features) }),
      ...(graph.dFeatures === null
        ? {}
        : {
            weights: this.weights(),
            wanted: { dims: [wanted.length], data: Int32Array.from(wanted) },
          }),
    };
    const results = await session.run(feeds);
    if (graph.dWeights !== null) {
      await this.accumulate("kv", results[graph.dWeights] ?? missing("dW"));
    }
    if (graph.dFeatures !== null) {
      const some = (results[graph.dFeatures] ?? missing("dc")).data;
      for (const [i, sample] of wanted.entries()) {
        data.set(some.subarray(i * size + textWidth, (i + 1) * size), sample * size + textWidth);
      }
    }
    return { dims: features.dims, data };
  }

  accumulate(group: GroupName, tensor: Tensor): Promise<void> {
    const target = this.groups.part(group, this.gradient);
    const { data } = onHost(tensor);
    if (data.length !== target.length) {
      const sizes = `${data.length} numbers for ${target.length} parameters`;
      throw new StudioError("internal", `The gradient of "${group}" has ${sizes}.`);
    }
    if (!this.begun.has(group)) target.set(data);
    else for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + (data[i] ?? 0);
    this.begun.add(group);
    return Promise.resolve();
  }

  values(group: GroupName): Promise<HostTensor> {
    const data = this.groups.part(group, this.values_);
    return Promise.resolve({ dims: [data.length], data });
  }

  read(group: GroupName): Promise<Float32Array> {
    return Promise.resolve(this.groups.part(group, this.values_).slice());
  }

  update(): Promise<UpdateReport> {
    const sum = sumOfSquares(this.gradient);
    const finite = Number.isFinite(sum);
    const norm = finite ? Math.sqrt(sum) / this.scale.value : NaN;
    if (finite) {
      this.step++;
      const multiplier = clipCoefficient(norm, this.settings.maxGradientNorm) / this.scale.value;
      for (const group of this.settings.groups) this.updateGroup(group, multiplier);
    }
    this.scale.update(finite);
    this.clearGradient();
    return Promise.resolve({ gradientNorm: norm, skipped: !finite });
  }

  private updateGroup(group: ParameterGroup, multiplier: number): void {
    const { learningRate, weightDecay } = group;
    adamw(
      {
        values: this.groups.part(group.name, this.values_),
        gradient: this.groups.part(group.name, this.gradient),
        m: this.groups.part(group.name, this.m),
        v: this.groups.part(group.name, this.v),
      },
      { ...this.settings.adam, step: this.step, learningRate, weightDecay, multiplier },
    );
  }

  state(): Promise<OptimiserState> {
    return Promise.resolve({
      values: this.values_.slice(),
      m: this.m.slice(),
      v: this.v.slice(),
      step: this.step,
      lossScale: this.scale.value,
      goodSteps: this.scale.goodSteps,
      skipped: this.scale.skipped,
    });
  }

  restore(state: OptimiserState): Promise<void> {
    this.groups.check(state);
    this.values_.set(state.values);
    this.m.set(state.m);
    this.v.set(state.v);
    this.step = state.step;
    this.scale.restore(state);
    this.clearGradient();
    return Promise.resolve();
  }

  async release(): Promise<void> {
    for (const session of this.forward.values()) await (await session).release();
    for (const made of this.backward.values()) await (await made).session.release();
    this.forward.clear();
    this.backward.clear();
  }

  private clearGradient(): void {
    this.gradient.fill(0);
    this.begun.clear();
  }

  /** The weights that K/V come from, [E, S]. */
  private weights(): HostTensor {
    const { textWidth, columns, kvWeights } = this.settings;
    const data = this.groups.has("kv") ? this.groups.part("kv", this.values_) : kvWeights;
    return { dims: [textWidth, columns], data };
  }

  private shape(batch: number) {
    const { tokens, textWidth, columns } = this.settings;
    return { batch, tokens, textWidth, columns };
  }

  private forwardSession(batch: number): Promise<Session> {
    const known = this.forward.get(batch);
    if (known !== undefined) return known;
    const { graph } = kvForwardGraph(this.shape(batch));
    const name = "the key and value projections";
    const made = Session.create(this.runtime, graph, noExternalData, { name });
    this.forward.set(batch, made);
    return made;
  }

  private backwardSession(batch: number, wanted: number): Promise<Backward> {
    const key = `${batch}, ${wanted}`;
    const known = this.backward.get(key);
    if (known !== undefined) return known;
    const graph = kvBackwardGraph(this.shape(batch), { trained: this.groups.has("kv"), wanted });
    const name = "the gradient of the key and value projections";
    const made = Session.create(this.runtime, graph.graph, noExternalData, { name }).then(
      (session) => ({ session, graph }),
    );
    this.backward.set(key, made);
    return made;
  }

  /** The features with zeros for the start tokens, whose gradients then add nothing, as long as they are finite. */
  private detached({ dims, data }: HostTensor): HostTensor {
    const { tokens, textWidth } = this.settings;
    const copy = data.slice();
    for (let at = 0; at < copy.length; at += tokens * textWidth) copy.fill(0, at, at + textWidth);
    return { dims, data: copy };
  }
}

function onHost(tensor: Tensor): HostTensor {
  if (!isOnDevice(tensor)) return tensor;
  throw new StudioError("internal", "A tensor on the GPU came to the arithmetic on the CPU.");
}

function missing(what: string): never {
  throw new StudioError("internal", `The gradient session gave no ${what}.`);
}
