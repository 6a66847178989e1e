/** @file A batch's gradients from one session, on wasm, where whatever leaves a session is copied. */
import type { TrainMode } from "../../core/concept/concept.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import { joined } from "../../core/tensor/parts.ts";
import type { Model } from "../model/read-model.ts";
import { addEmbedGradient, embed } from "../model/text.ts";
import type { Runtime } from "../ort/runtime.ts";
import { hostData, type HostTensor, type Tensor } from "../tensor.ts";
import type { TrainingArithmetic } from "./arithmetic.ts";
import type { Captions } from "./captions.ts";
import type { Sample } from "./draw.ts";
import { JoinedSession } from "./joined-session.ts";
import type { StepGradients } from "./step-gradients.ts";

interface Parts {
  readonly model: Model;
  readonly runtime: Runtime;
  /** Encodes captions that are the same in every step. */
  readonly captions: Captions;
  readonly arithmetic: TrainingArithmetic;
}

/** For whole batches. The first samples' captions, as far as modifier tokens come, are encoded in every step. */
export class JoinedGradients implements StepGradients {
  private readonly train: TrainMode;
  private readonly parts: Parts;
  private session: JoinedSession | null = null;

  constructor(train: TrainMode, parts: Parts) {
    this.train = train;
    this.parts = parts;
  }

  /** A run has one session: as many of its samples are targets in every step. */
  async prepare(samples: readonly Sample[]): Promise<void> {
    await this.sessionFor(samples);
  }

  async accumulate(
    samples: readonly Sample[],
    _batch: number,
    rows: Float32Array,
  ): Promise<Float32Array> {
    const { captions, arithmetic } = this.parts;
    const session = await this.sessionFor(samples);
    const { encoded, queryOut } = session.shape;
    const texts = samples.map(({ caption }) => caption);
    const [fresh, fixed] = [texts.slice(0, encoded), texts.slice(encoded)];
    const results = await session.run(samples, {
      embeds: fresh.length === 0 ? null : this.embeds(fresh, rows),
      features: fixed.length === 0 ? null : await captions.features(fixed, rows),
      weights: await this.weights(),
      queryOut: queryOut ? onHost(await arithmetic.values("query_out")) : null,
      lossScale: arithmetic.lossScale,
    });
    if (results.weights !== null) await arithmetic.accumulate("kv", results.weights);
    if (results.queryOut !== null) await arithmetic.accumulate("query_out", results.queryOut);
    if (this.trainsRows) {
      const data = this.rowGradient(rows, fresh, results.embeds);
      await arithmetic.accumulate("tokens", { dims: [data.length], data });
    }
    return Float32Array.from(hostData(results.shares));
  }

  rowsChanged(): void {
    // What is kept of captions is of those without a modifier token.
  }

  async warmUp(): Promise<void> {
    // Nothing is compiled for wasm.
  }

  async release(): Promise<void> {
    await this.session?.release();
    await this.parts.captions.release();
  }

  private get trainsRows(): boolean {
    return this.train !== "kv";
  }

  private async sessionFor(samples: readonly Sample[]): Promise<JoinedSession> {
    const { model, runtime, captions } = this.parts;
    const isFresh = ({ caption }: Sample): boolean =>
      this.trainsRows && captions.hasModifier(caption);
    const shape = {
      batch: samples.length,
      encoded: samples.findLastIndex(isFresh) + 1,
      queryOut: this.train === "crossattn",
      trainsWeights: this.train !== "token",
    };
    const known = this.session;
    if (known?.shape.encoded === shape.encoded && known.shape.batch === shape.batch) return known;
    this.session = null;
    await known?.release();
    this.session = await JoinedSession.open(model, runtime, shape);
    return this.session;
  }

  /** The weights that K/V come from, [E, S]. */
  private async weights(): Promise<HostTensor> {
    const { model, arithmetic } = this.parts;
    const { textWidth, columns } = model.unet.kv;
    const dims = [textWidth, columns];
    if (this.train === "token") return { dims, data: model.kvWeights };
    return { dims, data: onHost(await arithmetic.values("kv")).data };
  }

  private embeds(texts: readonly string[], rows: Float32Array): HostTensor {
    const { model, captions } = this.parts;
    const all = texts.map((text) => embed(model, captions.idsOf(text), rows).data);
    return { dims: [texts.length, CLIP_TOKENS, model.config.textWidth], data: joined(all) };
  }

  /** Gradient [n, E] of the rows, given that of the captions' embeddings. */
  private rowGradient(
    rows: Float32Array,
    texts: readonly string[],
    embeds: HostTensor | null,
  ): Float32Array {
    const { model, captions } = this.parts;
    const size = CLIP_TOKENS * model.config.textWidth;
    const sum = new Float32Array(rows.length);
    for (const [i, text] of texts.entries()) {
      const own = hostData(embeds ?? undefined).subarray(i * size, (i + 1) * size);
      addEmbedGradient(model, sum, captions.idsOf(text), own);
    }
    return sum;
  }
}

function onHost(tensor: Tensor): HostTensor {
  return { dims: tensor.dims, data: hostData(tensor) };
}
