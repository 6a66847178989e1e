/** @file Tensors that go in and out of sessions and kernels: in ordinary memory, or on the GPU. */
import { StudioError } from "../core/errors.ts";

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

/**
 * The numbers of a tensor that is expected in ordinary memory.
 * @throws StudioError "internal" where it is missing, or on the GPU
 */
export function hostData(tensor: Tensor | undefined): Float32Array | Int32Array {
  if (tensor !== undefined && !isOnDevice(tensor)) return tensor.data;
  throw new StudioError("internal", "A tensor that is wanted in ordinary memory is not there.");
}
