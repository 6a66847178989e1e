/**
 * @file What training will need in memory, reckoned from graphs alone, and what to do so that it fits: before a byte of
 * weights is read or a buffer is made.
 */
import type { Graph } from "../onnx/graph.ts";
import { type GraphMemory, graphMemory } from "../passes/memory.ts";
import type { Precision } from "../precision.ts";
import { candidates, type PlanDevice, type PlanWish, type TrainingChoices } from "./choices.ts";

/** The graphs of a model, as sessions would get them. */
export interface PlanGraphs {
  training(choices: Omit<TrainingChoices, "keepsSampling">): Graph;
  /** Text encoder and its gradient, as training has them. */
  readonly captions: (precision: Precision) => readonly Graph[];
  /** UNet, text encoder and VAE's decoder, as painting has them. */
  readonly sampling: (precision: Precision) => readonly Graph[];
  readonly vaeEncoder: (precision: Precision) => Graph;
  /** Numbers that are trained, and of one image's keys and values [L, S]. */
  readonly trained: number;
  readonly keysAndValues: number;
}

export interface PlanItem {
  readonly name: string;
  readonly bytes: number;
}

/** A time of the run, and all that is in memory then. */
export interface PlanPhase {
  readonly name: "views" | "steps";
  readonly items: readonly PlanItem[];
  readonly bytes: number;
}

export interface TrainingPlan {
  readonly choices: TrainingChoices;
  readonly phases: readonly PlanPhase[];
  /** Bytes of the fuller phase. */
  readonly peak: number;
  /** Bytes of the largest single tensor or weight. */
  readonly largest: number;
  readonly device: PlanDevice;
  readonly fits: boolean;
}

/** The first of the choices that fits; where none does, the one that comes closest. */
export function planTraining(graphs: PlanGraphs, device: PlanDevice, wish: PlanWish): TrainingPlan {
  const reckoning = new Reckoning(graphs, device);
  let closest: TrainingPlan | undefined;
  for (const choices of candidates(device, wish, reckoning.weightBytes())) {
    if (reckoning.isHopeless(choices)) continue;
    const plan = reckoning.plan(choices);
    if (plan.fits) return plan;
    if (closest === undefined || plan.peak < closest.peak) closest = plan;
  }
  return closest ?? reckoning.plan({ ...first(device, wish), microBatch: 1 });
}

function first(device: PlanDevice, wish: PlanWish): TrainingChoices {
  const [choices] = candidates(device, wish, 0);
  if (choices === undefined) throw new RangeError("there is nothing to choose from");
  return choices;
}

/** Copies of every trained number: itself, its gradient, and AdamW's two moments, in float32. */
const COPIES = 4;
const FLOAT = 4;

/** How much less a pass of several images may need than that many of one; what every pass needs counts once. */
const SHARED = 0.8;

/** What was reckoned of graphs before: for another budget only choices change. */
const reckoned = new WeakMap<PlanGraphs, Map<string, readonly GraphMemory[]>>();

class Reckoning {
  private readonly graphs: PlanGraphs;
  private readonly device: PlanDevice;
  private readonly known: Map<string, readonly GraphMemory[]>;

  constructor(graphs: PlanGraphs, device: PlanDevice) {
    this.graphs = graphs;
    this.device = device;
    this.known = reckoned.get(graphs) ?? new Map<string, readonly GraphMemory[]>();
    reckoned.set(graphs, this.known);
  }

  /** Bytes of the UNet's weights in float32, a second copy for the backward pass left out. */
  weightBytes(): number {
    return Math.max(...this.sampling("float32").map(({ weights }) => weights));
  }

  /** Whether several images a pass are out of question, by what one takes. */
  isHopeless(choices: TrainingChoices): boolean {
    const { microBatch } = choices;
    if (microBatch === 1) return false;
    return this.training({ ...choices, microBatch: 1 }).every(
      ({ weights, activations }) =>
        weights + SHARED * microBatch * activations > this.device.budget,
    );
  }

  plan(choices: TrainingChoices): TrainingPlan {
    const { graphs, device } = this;
    const { precision, microBatch, keepsSampling } = choices;
    const training = this.training(choices);
    const captions = this.memory(`captions ${precision}`, () => graphs.captions(precision));
    const encoder = this.memory(`encoder ${precision}`, () => [graphs.vaeEncoder(precision)]);
    const resident = keepsSampling
      ? [{ name: "what paints previews", bytes: this.bytes(this.sampling(precision)) }]
      : [];
    const weights = training.reduce((sum, session) => sum + session.weights, 0);
    const steps = phase("steps", [
      { name: "weights of the UNet, forward and backward", bytes: weights },
      { name: "what a pass computes and keeps", bytes: this.bytes(training) - weights },
      { name: "text encoder and its gradient", bytes: this.bytes(captions) },
      {
        name: "keys and values, gradients and moments",
        bytes: FLOAT * (COPIES * graphs.trained + 2 * microBatch * graphs.keysAndValues),
      },
      ...resident,
    ]);
    const views = phase("views", [
      { name: "VAE encoder", bytes: this.bytes(encoder) },
      ...resident,
    ]);
    const peak = Math.max(steps.bytes, views.bytes);
    const sessions = [...training, ...captions, ...encoder];
    if (keepsSampling) sessions.push(...this.sampling(precision));
    const largest = Math.max(...sessions.map((session) => session.largest));
    const fits = peak <= device.budget && largest <= device.largestBuffer;
    return { choices, phases: [views, steps], peak, largest, device, fits };
  }

  private training(choices: TrainingChoices): readonly GraphMemory[] {
    const { precision, microBatch, segments, attentionBytes } = choices;
    const key = `training ${precision} ${microBatch} ${segments} ${attentionBytes}`;
    return this.memory(key, () => [this.graphs.training(choices)]);
  }

  private sampling(precision: Precision): readonly GraphMemory[] {
    return this.memory(`sampling ${precision}`, () => this.graphs.sampling(precision));
  }

  private memory(key: string, graphs: () => readonly Graph[]): readonly GraphMemory[] {
    const before = this.known.get(key);
    if (before !== undefined) return before;
    const memory = graphs().map((graph) => graphMemory(graph));
    this.known.set(key, memory);
    return memory;
  }

  /** Sessions at once: a GPU's buffers stay theirs, a heap's come back between runs and are the largest one's. */
  private bytes(sessions: readonly GraphMemory[]): number {
    const weights = sessions.reduce((sum, session) => sum + session.weights, 0);
    return this.device.backend === "webgpu"
      ? weights + sessions.reduce((sum, { pooled }) => sum + pooled, 0)
      : weights + Math.max(...sessions.map(({ activations }) => activations));
  }
}

function phase(name: PlanPhase["name"], items: readonly PlanItem[]): PlanPhase {
  return { name, items, bytes: items.reduce((sum, { bytes }) => sum + bytes, 0) };
}
