/** @file Storage buffers that kernels and sessions share: made with care for the GPU's memory, and used again. */
import { StudioError } from "../../core/errors.ts";

/** Bytes of `words` 32-bit numbers in a buffer; onnxruntime copies in steps of 16. */
function byteSize(words: number): number {
  return Math.max(16, Math.ceil(words / 4) * 16);
}

/**
 * A buffer of zeros for `words` numbers of 32 bits.
 * @param what names it in the error: "the key and value weights"
 * @throws StudioError "backend-unavailable" where the device does not bind that much at once, or has no memory left
 */
export async function createStorage(
  device: GPUDevice,
  words: number,
  what: string,
): Promise<GPUBuffer> {
  const size = byteSize(words);
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const advice = "choose a smaller model, or switch to WASM.";
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  if (size > most) {
    throw new StudioError(
      "backend-unavailable",
      `This GPU takes at most ${mebibytes(most)} MiB in one buffer, and ${what} need ${mebibytes(size)}; ${advice}`,
    );
  }
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  device.pushErrorScope("out-of-memory");
  const buffer = device.createBuffer({ label: what, size, usage: STORAGE | COPY_SRC | COPY_DST });
  if ((await device.popErrorScope()) === null) return buffer;
  throw new StudioError(
    "backend-unavailable",
    `The GPU has no ${mebibytes(size)} MiB left for ${what}; close what else uses it, ${advice}`,
  );
}

/** Buffers that come and go every step: those given back are handed out again for the same size. */
export class BufferPool {
  private readonly device: GPUDevice;
  private readonly free = new Map<number, GPUBuffer[]>();
  private released = false;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  /** A buffer with whatever it last held. */
  async take(words: number, what: string): Promise<GPUBuffer> {
    return this.free.get(byteSize(words))?.pop() ?? (await createStorage(this.device, words, what));
  }

  /** The same, holding `data`. */
  async upload(data: Float32Array | Int32Array, what: string): Promise<GPUBuffer> {
    const buffer = await this.take(data.length, what);
    this.device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  }

  /** May be called as soon as the commands that use the buffer are submitted: the queue keeps the order. */
  give(buffer: GPUBuffer): void {
    if (this.released) {
      buffer.destroy();
      return;
    }
    const same = this.free.get(buffer.size) ?? [];
    same.push(buffer);
    this.free.set(buffer.size, same);
  }

  release(): void {
    this.released = true;
    for (const buffers of this.free.values()) for (const buffer of buffers) buffer.destroy();
    this.free.clear();
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
