/** @file Custom Diffusion's training: steps on K/V and V* from prepared examples, and the concept that comes of it. */
import { alphasCumprod } from "../../core/diffusion/noise-schedule.ts";
import type { Concept, ModifierToken } from "../../core/concept/concept.ts";
import { StudioError } from "../../core/errors.ts";
import type { Precision } from "../../core/precision.ts";
import { packedQueryOut } from "../../core/surgery/expose-query-out.ts";
import { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import type { Model } from "../model/read-model.ts";
import type { Runtime } from "../ort/runtime.ts";
import { openTogether } from "../releases.ts";
import type { OptimiserState, TrainingArithmetic } from "./arithmetic.ts";
import { drawStep, type Noising, type Pools, type Sample } from "./draw.ts";
import type { StepReport, Steps } from "./step-report.ts";
import { lossScaleFor, withScaleFor } from "./loss-scale.ts";
import { stepsFor } from "./steps-for.ts";
import type { TrainSettings } from "../../core/train/settings.ts";

/** A modifier token to train, and the word for what it is. */
export interface NewToken {
  readonly token: string;
  readonly category: string;
}

interface Parts {
  readonly steps: Steps;
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
  private readonly precision: Precision;
  private done = 0;

  private constructor(
    model: Model,
    settings: TrainSettings,
    tokens: readonly NewToken[],
    initialRows: Float32Array,
    parts: Parts,
    precision: Precision,
  ) {
    this.model = model;
    this.precision = precision;
    this.settings = settings;
    this.tokens = tokens;
    this.initialRows = initialRows;
    this.parts = parts;
    const { scheduler } = model.config;
    this.noising = { scheduler, alphasCumprod: alphasCumprod(scheduler) };
  }

  /** Makes the sessions, in the runtime's precision; the tokens start from the model's rare ones. */
  static async open(
    model: Model,
    runtime: Runtime,
    settings: TrainSettings,
    tokens: readonly NewToken[],
  ): Promise<Trainer> {
    const names = tokens.map(({ token }) => token);
    const tokenizer = new PromptTokenizer(model.tokenizer, model.vocabularySize, names);
    const rows = initialRows(model, names);
    const queryOut = settings.train === "crossattn" ? await frozenQueryOut(model) : null;
    const parts = await openTogether(async (keep): Promise<Parts> => {
      const steps = await stepsFor(model, runtime, settings, { tokenizer, rows, queryOut }, keep);
      return { ...steps, initialQueryOut: queryOut };
    });
    return new Trainer(model, settings, tokens, rows, parts, runtime.precision);
  }

  /** Compiles everything for the GPU, before somebody waits for the first step. */
  warmUp(): Promise<void> {
    return this.parts.steps.warmUp();
  }

  /** Steps taken, and told of or not. */
  get step(): number {
    return this.done;
  }

  /** One step on samples drawn by the seed; gives what is to be told by now, of this step and of ones before. */
  next(pools: Pools): Promise<StepReport[]> {
    const { seed, batch } = this.settings;
    return this.trainAhead(drawStep(pools, this.noising, { seed, step: this.done, batch }));
  }

  /** The same on the given samples. */
  async trainAhead(samples: readonly Sample[]): Promise<StepReport[]> {
    await this.take(samples);
    return this.parts.steps.due ? this.reports() : [];
  }

  /** One step on the given samples, waited for. */
  async trainOn(samples: readonly Sample[]): Promise<StepReport> {
    await this.take(samples);
    const report = (await this.reports()).at(-1);
    if (report !== undefined) return report;
    throw new StudioError("internal", "A step was taken, and nothing is told of it.");
  }

  /** Takes a step on the given samples; `reports` tells of it. */
  async take(samples: readonly Sample[]): Promise<void> {
    await this.parts.steps.take(this.done + 1, samples);
    this.done++;
  }

  /** Waits for the steps that are not told of yet. */
  reports(): Promise<StepReport[]> {
    return this.parts.steps.reports();
  }

  /** State to resume from. */
  state(): Promise<OptimiserState> {
    return this.parts.arithmetic.state();
  }

  /** Goes on from a state, of either precision, after as many steps as it has behind it (left-out ones included). */
  async restore(state: OptimiserState): Promise<void> {
    const scale = lossScaleFor(this.precision);
    await this.parts.arithmetic.restore(withScaleFor(state, scale));
    await this.parts.steps.restored();
    this.done = state.step + state.skipped;
  }

  /** What was learnt so far. */
  async concept(metrics: Readonly<Record<string, unknown>> = {}): Promise<Concept> {
    const { model, settings } = this;
    const { initialQueryOut } = this.parts;
    const trainsKv = settings.train !== "token";
    const width = model.config.textWidth;
    const rows =
      settings.train === "kv" ? this.initialRows : await this.parts.arithmetic.read("tokens");
    const rowOf = (rows: Float32Array, i: number) => rows.slice(i * width, (i + 1) * width);
    return {
      baseModel: { id: model.id, fingerprint: model.fingerprint },
      train: settings.train,
      tokens: this.tokens.map(({ token, category }, i): ModifierToken => ({
        token,
        category,
        row: rowOf(rows, i),
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
    const { steps, arithmetic } = this.parts;
    await steps.release();
    await arithmetic.release();
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

function difference(after: Float32Array, before: Float32Array): Float32Array {
  return after.map((x, i) => x - (before[i] ?? 0));
}
