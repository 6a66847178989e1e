/** @file WebGPU in Node by Dawn, Chromium's own implementation: an adapter, and what a browser would have beside it. */
import { StudioError } from "../../core/errors.ts";
import { requestAdapter } from "../device.ts";

export interface Dawn {
  readonly adapter: GPUAdapter;
  /** Takes `navigator.gpu` away again: Node may not end while something refers to it. */
  readonly release: () => void;
}

/**
 * Loads Dawn and asks it for an adapter, which it reaches through Vulkan, Metal or Direct3D 12; sets `navigator.gpu` and
 * the WebGPU globals.
 * @param options of Dawn: "backend=null" is a GPU that does nothing, for what is about calls and not results
 * @throws StudioError "backend-unavailable" where there is no adapter, or Dawn has no build for this platform
 */
export async function openDawn(options: readonly string[] = []): Promise<Dawn> {
  const { create, globals } = await loadDawn();
  const gpu = create([...options]);
  const adapter = await requestAdapter(gpu);
  if (adapter === null) {
    throw new StudioError(
      "backend-unavailable",
      "Dawn found no WebGPU adapter on this machine; install a Vulkan driver for its GPU, or use --backend wasm.",
    );
  }
  Object.assign(globalThis, globals);
  return { adapter, release: lendGpu(gpu) };
}

/** Imported only here and only now: nothing else is to need the native library. */
async function loadDawn() {
  try {
    return await import("webgpu");
  } catch (cause) {
    throw new StudioError(
      "backend-unavailable",
      `Dawn, which is WebGPU for Node, does not load on ${process.platform}-${process.arch}; use --backend wasm.`,
      { cause },
    );
  }
}

/** Sets `navigator.gpu`, on the navigator that Node has from version 21 on or on one of ours; the result undoes it. */
function lendGpu(gpu: GPU): () => void {
  const present = (globalThis as { readonly navigator?: object }).navigator;
  const [owner, key, value] =
    present === undefined ? [globalThis, "navigator", { gpu }] : [present, "gpu", gpu];
  Object.defineProperty(owner, key, { value, configurable: true });
  return () => Reflect.deleteProperty(owner, key);
}

/**
 * Makes a queue take views of shared memory, as browsers do and Dawn in Node does not ("Invalid argument"): the heap of
 * onnxruntime's WebAssembly is shared, even on one thread.
 */
export function acceptSharedMemory(queue: GPUQueue): void {
  const write = queue.writeBuffer.bind(queue);
  queue.writeBuffer = (buffer, bufferOffset, data, dataOffset = 0, size) => {
    if (!(data instanceof Uint8Array && data.buffer instanceof SharedArrayBuffer)) {
      write(buffer, bufferOffset, data as GPUAllowSharedBufferSource, dataOffset, size);
      return;
    }
    const end = size === undefined ? data.length : dataOffset + size;
    write(buffer, bufferOffset, Uint8Array.from(data.subarray(dataOffset, end)));
  };
}
