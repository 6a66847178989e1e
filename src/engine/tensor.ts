/** @file Tensors that go in and out of sessions and kernels: in ordinary memory, or on the GPU. */

/** A tensor in ordinary memory. */
export interface HostTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** A float32 tensor in a buffer of the device that sessions and kernels share. */
export interface DeviceTensor {
  readonly dims: readonly number[];
  readonly buffer: GPUBuffer;
  /** Gives the buffer back to its owner. */
  dispose(): void;
}

export type Tensor = HostTensor | DeviceTensor;

export function isOnDevice(tensor: Tensor): tensor is DeviceTensor {
  return "buffer" in tensor;
}
