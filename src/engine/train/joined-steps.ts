/** @file Steps of one session each, on wasm, where whatever leaves a session is copied. */
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import { joined } from "../../core/tensor/parts.ts";
import type { TrainSettings } from "../../core/train/settings.ts";
import type { Model } from "../model/read-model.ts";
import { addEmbedGradient, embed } from "../model/text.ts";
import type { Runtime } from "../ort/runtime.ts";
import { hostData, type HostTensor, type Tensor } from "../tensor.ts";
import type { TrainingArithmetic } from "./arithmetic.ts";
import type { Captions } from "./captions.ts";
import type { Sample } from "./draw.ts";
import { JoinedSession } from "./joined-gradients.ts";
import { type StepReport, stepReport, type Steps } from "./step-report.ts";

interface Parts {
  readonly model: Model;
  readonly runtime: Runtime;
  /** Encodes captions that are the same in every step. */
  readonly captions: Captions;
  readonly arithmetic: TrainingArithmetic;
}

/** For whole batches. The first samples' captions, as far as modifier tokens come, are encoded in every step. */
export class JoinedSteps implements Steps {
  readonly due = true;
  private readonly settings: TrainSettings;
  private readonly parts: Parts;
  /** Values of the modifier tokens' rows [n, E], read after every update. */
  private rows: Float32Array;
  private session: JoinedSession | null = null;
  private untold: StepReport[] = [];

  constructor(settings: TrainSettings, parts: Parts, rows: Float32Array) {
    this.settings = settings;
    this.parts = parts;
    this.rows = rows;
  }

  async take(step: number, samples: readonly Sample[]): Promise<void> {
    const { runtime, captions, arithmetic } = this.parts;
    const { timings } = runtime;
    const texts = samples.map(({ caption }) => caption);
    const last = this.trainsRows ? texts.findLastIndex((text) => captions.hasModifier(text)) : -1;
    // The first step makes it, and takes as long as the others for all that.
    const session = await this.sessionFor(last + 1, samples.length);
    const start = performance.now();
    const shares = await this.accumulate(samples, session);
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

  async warmUp(): Promise<void> {
    // Nothing is compiled for wasm.
  }

  async restored(): Promise<void> {
    if (this.trainsRows) this.rows = await this.parts.arithmetic.read("tokens");
  }

  async release(): Promise<void> {
    await this.session?.release();
    await this.parts.captions.release();
  }

  private get trainsRows(): boolean {
    return this.settings.train !== "kv";
  }

  /** Adds the batch's gradients; gives the samples' shares of the loss. */
  private async accumulate(
    samples: readonly Sample[],
    session: JoinedSession,
  ): Promise<Float32Array> {
    const { captions, arithmetic } = this.parts;
    const { encoded, queryOut } = session.shape;
    const texts = samples.map(({ caption }) => caption);
    const [fresh, fixed] = [texts.slice(0, encoded), texts.slice(encoded)];
    const results = await session.run(samples, {
      embeds: fresh.length === 0 ? null : this.embeds(fresh),
      features: fixed.length === 0 ? null : await captions.features(fixed, this.rows),
      weights: await this.weights(),
      queryOut: queryOut ? onHost(await arithmetic.values("query_out")) : null,
      lossScale: arithmetic.lossScale,
    });
    if (results.weights !== null) await arithmetic.accumulate("kv", results.weights);
    if (results.queryOut !== null) await arithmetic.accumulate("query_out", results.queryOut);
    if (this.trainsRows) {
      const sum = new Float32Array(this.rows.length);
      if (results.embeds !== null) this.addRows(sum, fresh, results.embeds);
      await arithmetic.accumulate("tokens", { dims: [sum.length], data: sum });
    }
    return Float32Array.from(hostData(results.shares));
  }

  /** A run has one: as many of its samples are targets in every step. */
  private async sessionFor(encoded: number, batch: number): Promise<JoinedSession> {
    const known = this.session;
    if (known?.shape.encoded === encoded && known.shape.batch === batch) return known;
    await known?.release();
    this.session = null;
    const { train } = this.settings;
    const shape = {
      ...{ batch, encoded, queryOut: train === "crossattn", trainsWeights: train !== "token" },
    };
    this.session = await JoinedSession.open(this.parts.model, this.parts.runtime, shape);
    return this.session;
  }

  /** The weights that K/V come from, [E, S]. */
  private async weights(): Promise<HostTensor> {
    const { model, arithmetic } = this.parts;
    const { textWidth, columns } = model.unet.kv;
    const dims = [textWidth, columns];
    if (this.settings.train === "token") return { dims, data: model.kvWeights };
    return { dims, data: onHost(await arithmetic.values("kv")).data };
  }

  private embeds(texts: readonly string[]): HostTensor {
    const { model, captions } = this.parts;
    const all = texts.map((text) => embed(model, captions.idsOf(text), this.rows).data);
    return { dims: [texts.length, CLIP_TOKENS, model.config.textWidth], data: joined(all) };
  }

  private addRows(sum: Float32Array, texts: readonly string[], { data }: HostTensor): void {
    const { model, captions } = this.parts;
    const size = CLIP_TOKENS * model.config.textWidth;
    for (const [i, text] of texts.entries()) {
      const own = data.subarray(i * size, (i + 1) * size);
      addEmbedGradient(model, sum, captions.idsOf(text), own);
    }
  }
}

function onHost(tensor: Tensor): HostTensor {
  return { dims: tensor.dims, data: hostData(tensor) };
}
