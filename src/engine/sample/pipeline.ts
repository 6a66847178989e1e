/** @file Text to image: prompts to K/V once, then the sampler's walk from noise to latents, then the picture. */
import { throwIfAborted, type CancelSignal } from "../../core/cancel.ts";
import type { TokenMaps } from "../../core/attention/attention-sum.ts";
import type { Weighting } from "../../core/compose/weighting.ts";
import type { Concept } from "../../core/concept/concept.ts";
import { createSampler } from "../../core/diffusion/sampler.ts";
import { StudioError } from "../../core/errors.ts";
import type { Planes } from "../../core/image/pixels.ts";
import { normal } from "../../core/random/normal.ts";
import { Random } from "../../core/random/random.ts";
import { joined, partOf } from "../../core/tensor/parts.ts";
import { elementCount } from "../../core/tensor/shape.ts";
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import type { PromptWord } from "../../core/text/prompt-words.ts";
import { type Model, type Reading, wasRead } from "../model/read-model.ts";
import { openTextFeatures, type TextFeatures } from "../model/text.ts";
import { openUnet, type UnetSession } from "../model/unet.ts";
import { openVaeDecoder, type VaeDecoder } from "../model/vae.ts";
import { whileCompiling } from "../ort/compiling.ts";
import type { Runtime } from "../ort/runtime.ts";
import { allEnded, openTogether } from "../releases.ts";
import { type HostTensor, isOnDevice, type Tensor } from "../tensor.ts";
import { type Applied, applyConcept } from "./apply-concept.ts";
import {
  askedParts,
  type Composition,
  openComposition,
  type WeighedConcept,
} from "./composition.ts";
import { composedPredictor, guidedPredictor, plainPredictor, type Predictor } from "./predictor.ts";
import { checkRequest, type GenerateRequest } from "../../core/diffusion/generate-request.ts";

export interface GeneratedImage {
  readonly seed: number;
  /** Final latents [4, H, W]. */
  readonly latents: Float32Array;
  readonly picture: Planes;
}

export interface GenerateEvents {
  /** After each UNet call: how many of how many, over all images. */
  readonly onStep?: (done: number, total: number) => void;
  readonly onImage?: (image: GeneratedImage) => void | Promise<void>;
  /**
   * Before each step of an image that is sampled alone: its index, and the picture so far as clean latents [4, H, W],
   * computed where they are asked for.
   */
  readonly onClean?: (index: number, clean: () => Float32Array) => void | Promise<void>;
  /** What of a prompt did not fit into the text encoder. */
  readonly onCut?: (prompt: string, cut: string) => void;
  /** The weights [n] that a step of a composition gave the concepts that it asked, once an image. */
  readonly onWeights?: (weights: Float64Array) => void;
  /**
   * After each step of an image that is sampled alone: where the prompt's tokens were looked at, one map a resolution.
   * Takes a session of its own, which is released in the end.
   */
  readonly onAttention?: (maps: readonly TokenMaps[]) => void;
  readonly signal?: CancelSignal | undefined;
}

export class Pipeline {
  private readonly model: Model;
  private readonly runtime: Runtime;
  /** Text encoder and decoder; null while they rest. */
  private parts: { readonly text: TextFeatures; readonly vae: VaeDecoder } | null;
  private applied: Applied;
  /** In place of `applied`, where several concepts are composed. */
  private composition: Composition | null = null;
  /** The UNet's session, for the batch that it was last needed for, and whom it says where tokens are looked at. */
  private unet: {
    readonly key: string;
    readonly onAttention: GenerateEvents["onAttention"];
    readonly session: UnetSession;
  } | null = null;

  private constructor(
    model: Model,
    runtime: Runtime,
    text: TextFeatures,
    vae: VaeDecoder,
    applied: Applied,
  ) {
    this.model = model;
    this.runtime = runtime;
    this.parts = { text, vae };
    this.applied = applied;
  }

  /** Opens text encoder and decoder; the UNet follows with the first request, which says how many images it needs. */
  static open(model: Model, runtime: Runtime): Promise<Pipeline> {
    return Pipeline.openWhileReading(wasRead(model), Promise.resolve(runtime));
  }

  /** The same with a model that is still being read, and an onnxruntime that is still starting: each part in its time. */
  static async openWhileReading(reading: Reading, starting: Promise<Runtime>): Promise<Pipeline> {
    const decoder = reading.graph("vae_decoder");
    decoder.catch(() => undefined);
    return openTogether(async (keep) => {
      const openText = async (): Promise<TextFeatures> => {
        const [part, runtime] = await Promise.all([reading.text, starting]);
        reading.report.stage("session", "text_encoder");
        return keep(await openTextFeatures(part, runtime));
      };
      const openVae = async (): Promise<VaeDecoder> => {
        const [basis, runtime] = await Promise.all([reading.basis, starting]);
        return keep(await openVaeDecoder(basis, runtime, decoder));
      };
      const [text, vae, model, runtime] = await allEnded([
        openText(),
        openVae(),
        reading.model,
        starting,
      ]);
      return new Pipeline(model, runtime, text, vae, await applyConcept(model, runtime, null, 1));
    });
  }

  /**
   * Chooses a concept, or the base model alone; sessions of the UNet stay.
   * @param strength factor on the weight difference
   */
  async use(concept: Concept | null, strength = 1): Promise<void> {
    const before = this.applied;
    this.applied = await applyConcept(this.model, this.runtime, concept, strength);
    await before.projections.release();
    await this.endComposition();
  }

  /**
   * Several concepts that are kept apart; each step combines their predictions (docs/math/compose.md).
   * @throws StudioError "invalid-input" where concepts or weights cannot be composed
   */
  async compose(concepts: readonly WeighedConcept[], weighting: Weighting): Promise<void> {
    const composition = await openComposition(this.model, this.runtime, concepts, weighting);
    await this.endComposition();
    this.composition = composition;
  }

  /** Makes the UNet's session for images that are sampled one by one with guidance, before somebody waits for it. */
  async prepare(): Promise<void> {
    await this.unetFor(2);
  }

  /** Compiles for the GPU what such images need; nothing on wasm. @param onCompiled pipelines so far */
  async warmUp(onCompiled: (done: number) => void): Promise<void> {
    if (this.runtime.device === null) return;
    await whileCompiling(this.runtime.device, onCompiled, async () => {
      await (await this.awake()).text.warmUp();
      await (await this.unetFor(2)).warmUp();
      await this.decode(new Float32Array(elementCount(this.model.unet.latents)));
    });
  }

  /** The picture of latents [4, H, W]. */
  async decode(latents: Float32Array): Promise<Planes> {
    return (await this.awake()).vae.decode(latents);
  }

  /** Gives the memory of its sessions back; they are made anew when they are needed again. */
  async rest(): Promise<void> {
    const { parts } = this;
    this.parts = null;
    await this.closeUnet();
    await parts?.text.release();
    await parts?.vae.release();
  }

  /**
   * Images for the seeds, in their order. An image depends on its own seed and on no other.
   * @param initialNoise the `count` N(0, 1) numbers [4, H, W] that the image of a seed starts from
   * @throws StudioError "invalid-input" for a request that cannot be, "cancelled" once the signal is aborted
   */
  async generate(
    request: GenerateRequest,
    events: GenerateEvents = {},
    initialNoise: (seed: number, count: number) => Float32Array = normal,
  ): Promise<GeneratedImage[]> {
    checkRequest(request);
    if (events.onAttention === undefined) return this.sample(request, events, initialNoise);
    this.checkRecording(request);
    try {
      return await this.sample(request, events, initialNoise);
    } finally {
      await this.closeUnet();
    }
  }

  /** The words of a prompt, those of the concept among them, with their tokens. */
  words(prompt: string): PromptWord[] {
    return this.applied.tokenizer.words(prompt);
  }

  private checkRecording({ batch }: GenerateRequest): void {
    if (this.composition === null && batch === 1) return;
    throw new StudioError(
      "invalid-input",
      batch === 1
        ? "Concepts that are combined at each step each look at the picture in a pass of their own, so that a word has no one map; merge them to see where words look."
        : `Where words look is recorded for one image at a time, not for ${batch} together.`,
    );
  }

  private async sample(
    request: GenerateRequest,
    events: GenerateEvents,
    initialNoise: (seed: number, count: number) => Float32Array,
  ): Promise<GeneratedImage[]> {
    const calls = this.sampler(request).timesteps.length;
    const total = calls * Math.ceil(request.seeds.length / request.batch);
    const images: GeneratedImage[] = [];
    let done = 0;
    for (let from = 0; from < request.seeds.length; from += request.batch) {
      const seeds = request.seeds.slice(from, from + request.batch);
      const onCall = (): void => {
        done++;
        events.onStep?.(done, total);
      };
      const latents = await this.denoise(request, seeds, initialNoise, {
        ...events,
        onCall,
        onClean: (clean) => (seeds.length === 1 ? events.onClean?.(from, clean) : undefined),
      });
      for (const [i, seed] of seeds.entries()) {
        throwIfAborted(events.signal);
        // A copy: whoever takes one image's latents to another thread leaves the others' alone.
        const own = partOf(latents, i, seeds.length).slice();
        const image = { seed, latents: own, picture: await this.decode(own) };
        images.push(image);
        await events.onImage?.(image);
      }
    }
    return images;
  }

  /** Final latents [n, 4, H, W] of n images that are sampled together. */
  private async denoise(
    request: GenerateRequest,
    seeds: readonly number[],
    initialNoise: (seed: number, count: number) => Float32Array,
    events: Omit<GenerateEvents, "onClean"> & {
      readonly onCall: () => void;
      readonly onClean: (clean: () => Float32Array) => void | Promise<void>;
    },
  ): Promise<Float32Array> {
    const sampler = this.sampler(request);
    const size = elementCount(this.model.unet.latents);
    let latents: Float32Array = joined(seeds.map((seed) => initialNoise(seed, size))).map(
      (x) => x * sampler.initialNoiseSigma,
    );
    // Noise of stochastic samplers is each image's own as well.
    const streams = seeds.map((seed) => new Random(seed, "sampler"));
    const noise = (): Float32Array => joined(streams.map((stream) => stream.normal(size)));
    const predictor = await this.predictor(request, seeds.length, events);
    try {
      for (const [call, timestep] of sampler.timesteps.entries()) {
        throwIfAborted(events.signal);
        const start = performance.now();
        const prediction = await predictor.predict(sampler.scaleInput(latents, call), timestep);
        const before = latents;
        await events.onClean(() => sampler.predictClean(prediction, call, before));
        latents = sampler.step(prediction, call, latents, noise);
        await this.runtime.timings.over("denoising step", performance.now() - start);
        events.onCall();
      }
    } finally {
      predictor.dispose();
    }
    return latents;
  }

  async release(): Promise<void> {
    await this.rest();
    await this.applied.projections.release();
    await this.endComposition();
  }

  private async awake(): Promise<{ readonly text: TextFeatures; readonly vae: VaeDecoder }> {
    this.parts ??= await openTogether(async (keep) => ({
      text: keep(await openTextFeatures(this.model, this.runtime)),
      vae: keep(await openVaeDecoder(this.model, this.runtime)),
    }));
    return this.parts;
  }

  private async endComposition(): Promise<void> {
    const { composition } = this;
    this.composition = null;
    await composition?.release();
  }

  private sampler({ sampler, steps, eta }: GenerateRequest) {
    return createSampler(sampler, this.model.config.scheduler, steps, eta === 0 ? {} : { eta });
  }

  /** What `n` images that are sampled together follow. */
  private async predictor(
    { prompt, negativePrompt, guidance }: GenerateRequest,
    n: number,
    { onCut, onWeights, onAttention }: Pick<GenerateEvents, "onCut" | "onWeights" | "onAttention">,
  ): Promise<Predictor> {
    const { applied, composition } = this;
    const rows = (texts: readonly string[]) =>
      texts.flatMap((text) => new Array<string>(n).fill(text));
    if (composition !== null) {
      const unet = await this.unetFor(n);
      const { base, weighting } = composition;
      const negative = await this.project(base, rows([negativePrompt]), onCut);
      const concepts: Tensor[] = [];
      try {
        for (const { applied: part } of askedParts(composition, prompt)) {
          concepts.push(await this.project(part, rows([prompt]), onCut));
        }
      } catch (error) {
        for (const tensor of [negative, ...concepts]) if (isOnDevice(tensor)) tensor.dispose();
        throw error;
      }
      return composedPredictor(unet, { negative, concepts }, { guidance, weighting }, onWeights);
    }
    if (guidance === 1) {
      const unet = await this.unetFor(n, onAttention);
      return plainPredictor(
        unet,
        await this.project(applied, rows([prompt]), onCut),
        applied.queryOut,
      );
    }
    const unet = await this.unetFor(2 * n, onAttention);
    const kv = await this.project(applied, rows([negativePrompt, prompt]), onCut);
    return guidedPredictor(unet, kv, applied.queryOut, guidance);
  }

  /** Packed keys and values [n, L, S] of n texts. */
  private async project(
    { tokenizer, rows, projections }: Applied,
    texts: readonly string[],
    onCut: GenerateEvents["onCut"],
  ): Promise<Tensor> {
    const known = new Map<string, Float32Array>();
    const encoder = (await this.awake()).text;
    for (const text of new Set(texts)) {
      const { ids, cut } = tokenizer.encode(text);
      if (cut !== null) onCut?.(text, cut);
      known.set(text, Float32Array.from((await encoder.encode(ids, rows)).data));
    }
    const features = texts.map((text) => known.get(text) ?? new Float32Array());
    const dims = [features.length, CLIP_TOKENS, this.model.config.textWidth];
    return projections.projectKv({ dims, data: joined(features) } satisfies HostTensor);
  }

  private async unetFor(
    batch: number,
    onAttention?: GenerateEvents["onAttention"],
  ): Promise<UnetSession> {
    const queryOut = this.composition === null && this.applied.queryOut !== null;
    const key = `${batch}${queryOut ? " with query_out" : ""}`;
    const { unet } = this;
    if (unet?.key === key && unet.onAttention === onAttention) return unet.session;
    // First, so that the weights are never there twice.
    await this.closeUnet();
    const session = await openUnet(this.model, this.runtime, batch, { queryOut, onAttention });
    this.unet = { key, onAttention, session };
    return session;
  }

  private async closeUnet(): Promise<void> {
    const { unet } = this;
    this.unet = null;
    await unet?.session.release();
  }
}
