/** @file Counts what a GPU is asked for: launches, submissions, buffers written and mapped. By everybody on this thread. */

export interface GpuCalls {
  /** `dispatchWorkgroups`. */
  readonly dispatches: number;
  /** Calls of `submit`. */
  readonly submits: number;
  /** Calls of `mapAsync`: each waits for everything submitted before. */
  readonly maps: number;
  /** Calls of `writeBuffer`. */
  readonly writes: number;
  readonly bindGroups: number;
  /** Buffers that were made. */
  readonly buffers: number;
  readonly pipelines: number;
}

type Counter = { -readonly [K in keyof GpuCalls]: number };

/** What is wrapped, and which of its methods count as what. */
function counted(): readonly (readonly [object, string, keyof GpuCalls])[] {
  return [
    [GPUComputePassEncoder.prototype, "dispatchWorkgroups", "dispatches"],
    [GPUQueue.prototype, "submit", "submits"],
    [GPUBuffer.prototype, "mapAsync", "maps"],
    [GPUQueue.prototype, "writeBuffer", "writes"],
    [GPUDevice.prototype, "createBindGroup", "bindGroups"],
    [GPUDevice.prototype, "createBuffer", "buffers"],
    [GPUDevice.prototype, "createComputePipeline", "pipelines"],
    [GPUDevice.prototype, "createComputePipelineAsync", "pipelines"],
  ];
}

/** Counts while `work` runs. */
export async function countGpuCalls(work: () => Promise<unknown>): Promise<GpuCalls> {
  const calls: Counter = {
    dispatches: 0,
    submits: 0,
    maps: 0,
    writes: 0,
    bindGroups: 0,
    buffers: 0,
    pipelines: 0,
  };
  const undo = counted().map(([prototype, method, kind]) => {
    const original = Object.getOwnPropertyDescriptor(prototype, method)!;
    const call = original.value as (...args: unknown[]) => unknown;
    Object.defineProperty(prototype, method, {
      ...original,
      value(this: unknown, ...args: unknown[]) {
        calls[kind]++;
        return call.apply(this, args);
      },
    });
    return () => Object.defineProperty(prototype, method, original);
  });
  try {
    await work();
  } finally {
    for (const restore of undo) restore();
  }
  return calls;
}
