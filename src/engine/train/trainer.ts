/** @file Custom Diffusion's training: steps on K/V and V* from prepared examples, and the concept that comes of it. */
import { alphasCumprod } from "../../core/diffusion/noise-schedule.ts";
import type { Concept, ModifierToken } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import { packedQueryOut } from "../../core/surgery/expose-query-out.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import { openTogether } from "../releases.ts";
import { isOnDevice, type Tensor } from "../tensor.ts";
import { createArithmetic } from "./arithmetic-for.ts";
import type { OptimiserState, ParameterGroup, TrainingArithmetic } from "./arithmetic.ts";
import { Captions } from "./captions.ts";
import { drawStep, type Noising, type Pools, type Sample } from "./draw.ts";
import { type GradientSession, openGradients } from "./gradients.ts";
import { ADAM, type TrainSettings } from "../../core/train/settings.ts";

/** A modifier token to train, and the word for what it is. */
export interface NewToken {
  readonly token: string;
  readonly category: string;
}

export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number;
  /** Mean masked loss of the target images, and of the regularisation images (NaN where there are none). */
  readonly targetLoss: number;
  readonly regularisationLoss: number;
  /** Loss of each sample, target images first. */
  readonly losses: Float32Array;
  readonly gradientNorm: number;
  /** True where a gradient was not finite and the update was left out. */
  readonly skipped: boolean;
}

interface Parts {
  readonly gradients: GradientSession;
  readonly captions: Captions;
  readonly arithmetic: TrainingArithmetic;
  readonly initialQueryOut: Float32Array | null;
}

export class Trainer {
  readonly settings: TrainSettings;
  private readonly model: Model;
  private readonly tokens: readonly NewToken[];
  private readonly initialRows: Float32Array;
  private readonly noising: Noising;
  private readonly parts: Parts;
  /** Values of the rows, read back after every update. */
  private rows: Float32Array;
  private done = 0;

  private constructor(
    model: Model,
    settings: TrainSettings,
    tokens: readonly NewToken[],
    initialRows: Float32Array,
    parts: Parts,
  ) {
    this.model = model;
    this.settings = settings;
    this.tokens = tokens;
    this.initialRows = initialRows;
    this.rows = initialRows;
    this.parts = parts;
    const { scheduler } = model.config;
    this.noising = { scheduler, alphasCumprod: alphasCumprod(scheduler) };
  }

  /** Makes the sessions; the tokens start from the model's rare ones. */
  static async open(
    model: Model,
    runtime: Runtime,
    settings: TrainSettings,
    tokens: readonly NewToken[],
  ): Promise<Trainer> {
    const names = tokens.map(({ token }) => token);
    const tokenizer = new PromptTokenizer(model.tokenizer, model.vocabularySize, names);
    const rows = initialRows(model, names);
    const trainsRows = settings.train !== "kv";
    const queryOut = settings.train === "crossattn" ? await frozenQueryOut(model) : null;
    const parts = await openTogether(async (keep): Promise<Parts> => {
      const captions = keep(await Captions.open(model, runtime, tokenizer, trainsRows));
      const arithmetic = keep(
        await createArithmetic(runtime, {
          groups: groupsOf(model, settings, rows, queryOut),
          kvWeights: model.kvWeights,
          textWidth: model.config.textWidth,
          columns: model.unet.kv.columns,
          tokens: CLIP_TOKENS,
          adam: ADAM,
          maxGradientNorm: settings.maxGradientNorm,
          lossScale: null,
        }),
      );
      const gradients = keep(
        await openGradients(model, runtime, {
          microBatch: settings.microBatch,
          queryOut: queryOut !== null,
        }),
      );
      return { gradients, captions, arithmetic, initialQueryOut: queryOut };
    });
    return new Trainer(model, settings, tokens, rows, parts);
  }

  /** Steps done. */
  get step(): number {
    return this.done;
  }

  /** One step on samples drawn by the seed. */
  next(pools: Pools): Promise<StepReport> {
    const { seed, batch } = this.settings;
    return this.trainOn(drawStep(pools, this.noising, { seed, step: this.done, batch }));
  }

  /** One step on the given samples: micro-batches, one update. */
  async trainOn(samples: readonly Sample[]): Promise<StepReport> {
    const { microBatch } = this.settings;
    const losses = new Float32Array(samples.length);
    for (let from = 0; from < samples.length; from += microBatch) {
      const part = samples.slice(from, from + microBatch);
      losses.set(await this.accumulate(part, samples.length), from);
    }
    const update = await this.parts.arithmetic.update();
    await this.readRows();
    this.done++;
    const mean = (kind: Sample["kind"]): number => {
      const chosen = losses.filter((_, i) => samples[i]?.kind === kind);
      return chosen.reduce((sum, x) => sum + x, 0) / chosen.length;
    };
    return {
      step: this.done,
      targetLoss: mean("target"),
      regularisationLoss: mean("regularisation"),
      losses,
      ...update,
    };
  }

  /** Adds a micro-batch's gradients; gives the samples' losses. */
  private async accumulate(samples: readonly Sample[], batch: number): Promise<Float32Array> {
    const { arithmetic, captions, gradients } = this.parts;
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
      const dFeatures = await arithmetic.backwardKv(features, result.kv);
      if (result.queryOut !== null) await arithmetic.accumulate("query_out", result.queryOut);
      if (this.settings.train !== "kv") {
        const data = await captions.rowGradient(texts, this.rows, dFeatures);
        await arithmetic.accumulate("tokens", { dims: [data.length], data });
      }
      return result.losses;
    } finally {
      for (const tensor of onDevice) if (isOnDevice(tensor)) tensor.dispose();
    }
  }

  /** State to resume from. */
  state(): Promise<OptimiserState> {
    return this.parts.arithmetic.state();
  }

  /** Goes on from a state, after as many steps as it has behind it (left-out ones included). */
  async restore(state: OptimiserState): Promise<void> {
    await this.parts.arithmetic.restore(state);
    await this.readRows();
    this.done = state.step + state.skipped;
  }

  /** What was learnt so far. */
  async concept(metrics: Readonly<Record<string, unknown>> = {}): Promise<Concept> {
    const { model, settings } = this;
    const { initialQueryOut } = this.parts;
    const trainsKv = settings.train !== "token";
    const width = model.config.textWidth;
    const rowOf = (rows: Float32Array, i: number) => rows.slice(i * width, (i + 1) * width);
    return {
      baseModel: { id: model.id, fingerprint: model.fingerprint },
      train: settings.train,
      tokens: this.tokens.map(({ token, category }, i): ModifierToken => ({
        token,
        category,
        row: rowOf(this.rows, i),
        initialRow: rowOf(this.initialRows, i),
      })),
      kvDifference: trainsKv
        ? difference(await this.parts.arithmetic.read("kv"), model.kvWeights)
        : null,
      queryOutDifference:
        initialQueryOut === null
          ? null
          : difference(await this.parts.arithmetic.read("query_out"), initialQueryOut),
      settings: { ...settings },
      metrics,
    };
  }

  async release(): Promise<void> {
    const { gradients, captions, arithmetic } = this.parts;
    await gradients.release();
    await captions.release();
    await arithmetic.release();
  }

  private async readRows(): Promise<void> {
    if (this.settings.train === "kv") return;
    this.parts.captions.rowsChanged();
    this.rows = await this.parts.arithmetic.read("tokens");
  }
}

/**
 * Rows [n, E] that modifier tokens start from: `<newN>` from the model's N-th rare token, so that concepts which are
 * trained apart and merged later begin as far apart as those trained together; other names by their order.
 */
function initialRows(
  { config, initialisers, embeddings }: Pick<Model, "config" | "initialisers" | "embeddings">,
  tokens: readonly string[],
): Float32Array {
  const width = config.textWidth;
  const rows = new Float32Array(tokens.length * width);
  for (const [i, token] of tokens.entries()) {
    const number = Number(/^<new([1-9]\d*)>$/.exec(token)?.[1] ?? i + 1);
    const id = initialisers[(number - 1) % initialisers.length] ?? 0;
    rows.set(embeddings.subarray(id * width, (id + 1) * width), i * width);
  }
  return rows;
}

async function frozenQueryOut(model: Model): Promise<Float32Array> {
  const { queryOut } = model.unetOf(1, true);
  if (queryOut === undefined)
    throw new StudioError("internal", "The face mode has no projections.");
  return packedQueryOut(queryOut, model.reader("unet"));
}

function groupsOf(
  model: Model,
  settings: TrainSettings,
  rows: Float32Array,
  queryOut: Float32Array | null,
): ParameterGroup[] {
  const { train, learningRate, tokenLearningRate, weightDecay } = settings;
  const groups: ParameterGroup[] = [];
  if (train !== "token") {
    groups.push({ name: "kv", initial: model.kvWeights, learningRate, weightDecay });
  }
  if (queryOut !== null) {
    groups.push({ name: "query_out", initial: queryOut, learningRate, weightDecay });
  }
  if (train !== "kv") {
    groups.push({ name: "tokens", initial: rows, learningRate: tokenLearningRate, weightDecay: 0 });
  }
  return groups;
}

function difference(after: Float32Array, before: Float32Array): Float32Array {
  return after.map((x, i) => x - (before[i] ?? 0));
}
