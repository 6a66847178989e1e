/**
 * @file Text features of a step's captions on the GPU, and their gradient back to the rows of modifier tokens there:
 * `captions.ts` without a read-back. Every caption's features stay in a buffer; with a modifier token they are encoded
 * anew after every update.
 */
import { CLIP_TOKENS } from "../../core/text/clip-tokenizer.ts";
import type { PromptTokenizer } from "../../core/text/modifier-tokens.ts";
import { accumulate, accumulateKernel } from "../kernels/accumulate/index.ts";
import { BufferPool } from "../kernels/buffers.ts";
import { KernelQueue } from "../kernels/kernel-queue.ts";
import type { Model } from "../model/read-model.ts";
import { embed } from "../model/text.ts";
import { type DeviceText, openDeviceText } from "../model/text-on-device.ts";
import type { Runtime } from "../ort/runtime.ts";
import type { DeviceTensor } from "../tensor.ts";

interface Caption {
  /** Where modifier tokens stand, and which. */
  readonly modifiers: readonly { readonly position: number; readonly row: number }[];
  /** Token embeddings [1, L, E]; rows of modifier tokens are brought up to date before they are read. */
  readonly embeds: DeviceTensor;
  readonly features: GPUBuffer;
  current: boolean;
}

export class DeviceCaptions {
  private readonly model: Model;
  private readonly tokenizer: PromptTokenizer;
  private readonly text: DeviceText;
  private readonly queue: KernelQueue;
  private readonly pool: BufferPool;
  /** Embeddings [n, E] that modifier tokens have where they are not trained. */
  private readonly initialRows: Float32Array;
  private readonly captions = new Map<string, Caption>();

  private constructor(
    model: Model,
    tokenizer: PromptTokenizer,
    text: DeviceText,
    queue: KernelQueue,
    initialRows: Float32Array,
  ) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.text = text;
    this.queue = queue;
    this.initialRows = initialRows;
    this.pool = new BufferPool(queue.device);
  }

  /** @param trained whether the rows of modifier tokens are trained */
  static async open(
    model: Model,
    runtime: Runtime & { readonly device: GPUDevice },
    tokenizer: PromptTokenizer,
    { initialRows, trained }: { readonly initialRows: Float32Array; readonly trained: boolean },
  ): Promise<DeviceCaptions> {
    const queue = new KernelQueue(runtime.device);
    await queue.prepare([accumulateKernel]);
    const text = await openDeviceText(model, runtime, trained);
    return new DeviceCaptions(model, tokenizer, text, queue, initialRows);
  }

  /**
   * Text features c [B, L, E] of the captions, with the rows [n, E] as they are now, or as they began where there are
   * none; the caller disposes of them.
   */
  async features(captions: readonly string[], rows: DeviceTensor | null): Promise<DeviceTensor> {
    const { size } = this;
    const target = await this.pool.take(captions.length * size, "text features");
    for (const [i, caption] of captions.entries()) {
      this.copy((await this.encoded(caption, rows)).features, 0, target, i * size, size);
    }
    return {
      dims: [captions.length, CLIP_TOKENS, this.width],
      buffer: target,
      dispose: () => this.pool.give(target),
    };
  }

  /** Gradient [n, E] of the rows, given that of the captions' features dc [B, L, E]; the caller disposes of it. */
  async rowGradient(
    captions: readonly string[],
    rows: DeviceTensor,
    dFeatures: DeviceTensor,
  ): Promise<DeviceTensor> {
    const { size, width } = this;
    const [length = 0] = rows.dims;
    const sum = await this.pool.take(length, "the rows' gradient");
    this.clear(sum);
    const own = await this.pool.take(size, "the gradient of a caption's features");
    // Equal captions share their features, so their gradients add up before the encoder's backward pass.
    for (const text of new Set(captions)) {
      const caption = await this.encoded(text, rows);
      if (caption.modifiers.length === 0) continue;
      const [first = 0, ...others] = captions.flatMap((other, i) => (other === text ? [i] : []));
      this.copy(dFeatures.buffer, first * size, own, 0, size);
      this.queue.submit(
        others.map((i) =>
          accumulate(size, { y: own, x: dFeatures.buffer }, undefined, { from: i * size, to: 0 }),
        ),
      );
      const dims = [1, CLIP_TOKENS, width];
      const gradient = { dims, buffer: own, dispose: () => undefined };
      const dEmbeds = await this.text.backward(caption.embeds, gradient);
      this.queue.submit(
        caption.modifiers.map(({ position, row }) =>
          accumulate(width, { y: sum, x: dEmbeds.buffer }, undefined, {
            from: position * width,
            to: row * width,
          }),
        ),
      );
      dEmbeds.dispose();
    }
    this.pool.give(own);
    return { dims: rows.dims, buffer: sum, dispose: () => this.pool.give(sum) };
  }

  /** Compiles what it runs for the GPU. */
  warmUp(): Promise<void> {
    return this.text.warmUp();
  }

  /** Forgets what was encoded with the rows of before. */
  rowsChanged(): void {
    for (const caption of this.captions.values()) {
      if (caption.modifiers.length > 0) caption.current = false;
    }
  }

  async release(): Promise<void> {
    await this.text.release();
    for (const { embeds, features } of this.captions.values()) {
      embeds.dispose();
      features.destroy();
    }
    this.pool.release();
    this.queue.release();
  }

  private async encoded(text: string, rows: DeviceTensor | null): Promise<Caption> {
    const caption = this.captions.get(text) ?? (await this.prepare(text));
    this.captions.set(text, caption);
    if (caption.current) return caption;
    const { width } = this;
    if (rows !== null) {
      for (const { position, row } of caption.modifiers) {
        this.copy(rows.buffer, row * width, caption.embeds.buffer, position * width, width);
      }
    }
    const features = await this.text.encode(caption.embeds);
    this.copy(features.buffer, 0, caption.features, 0, this.size);
    features.dispose();
    caption.current = true;
    return caption;
  }

  private async prepare(text: string): Promise<Caption> {
    const { vocabularySize } = this.model;
    const { ids } = this.tokenizer.encode(text);
    const { dims, data } = embed(this.model, ids, this.initialRows);
    const buffer = await this.pool.upload(data, "token embeddings");
    return {
      modifiers: [...ids].flatMap((id, position) =>
        id < vocabularySize ? [] : [{ position, row: id - vocabularySize }],
      ),
      embeds: { dims, buffer, dispose: () => buffer.destroy() },
      features: await this.pool.take(this.size, "text features"),
      current: false,
    };
  }

  private get width(): number {
    return this.model.config.textWidth;
  }

  /** Numbers of one caption's features. */
  private get size(): number {
    return CLIP_TOKENS * this.width;
  }

  /** Numbers of one buffer into another; offsets are counted in numbers. */
  private copy(
    source: GPUBuffer,
    from: number,
    target: GPUBuffer,
    to: number,
    count: number,
  ): void {
    const commands = this.queue.device.createCommandEncoder();
    commands.copyBufferToBuffer(source, 4 * from, target, 4 * to, 4 * count);
    this.queue.device.queue.submit([commands.finish()]);
  }

  private clear(buffer: GPUBuffer): void {
    const commands = this.queue.device.createCommandEncoder();
    commands.clearBuffer(buffer);
    this.queue.device.queue.submit([commands.finish()]);
  }
}
