/** @file The buffers that a training run keeps on the GPU: values, moments and gradient of every parameter group. */
import { createStorage } from "../kernels/buffers.ts";
import { normPartialsLength, VERDICT_BYTES } from "../kernels/gradient-norm/index.ts";
import { LOSS_SCALE_BYTES } from "../kernels/loss-scale/index.ts";
import type { ArithmeticSettings, ParameterGroup } from "./arithmetic.ts";

/** Updates that a table of Adam's corrections is for: written again before the last of them. */
export const CORRECTIONS = 256;

/** A parameter group, in buffers of its own so that a session can take its values as they are. */
export interface GroupBuffers {
  readonly settings: ParameterGroup;
  readonly length: number;
  readonly values: GPUBuffer;
  readonly m: GPUBuffer;
  readonly v: GPUBuffer;
  readonly gradient: GPUBuffer;
}

/** What lives as long as a run. */
export interface ParameterBuffers {
  readonly groups: readonly GroupBuffers[];
  /** Packed weights [E, S] that K/V come from: those of "kv" where it is trained. */
  readonly weights: GPUBuffer;
  readonly normPartials: GPUBuffer;
  readonly verdict: GPUBuffer;
  readonly lossScale: GPUBuffer;
  /** Adam's corrections for the updates to come. */
  readonly corrections: GPUBuffer;
  release(): void;
}

/** @throws StudioError "backend-unavailable" where the GPU has too little memory; nothing is left behind then */
export async function createParameterBuffers(
  device: GPUDevice,
  settings: ArithmeticSettings,
): Promise<ParameterBuffers> {
  const owned: GPUBuffer[] = [];
  const release = (): void => {
    for (const buffer of owned) buffer.destroy();
  };
  const create = async (words: number, what: string, data?: Float32Array): Promise<GPUBuffer> => {
    const buffer = await createStorage(device, words, what);
    owned.push(buffer);
    if (data !== undefined) device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  try {
    return { ...(await fill(settings, create)), release };
  } catch (error) {
    release();
    throw error;
  }
}

async function fill(
  { groups: settings, kvWeights }: ArithmeticSettings,
  create: (words: number, what: string, data?: Float32Array) => Promise<GPUBuffer>,
): Promise<Omit<ParameterBuffers, "release">> {
  const groups: GroupBuffers[] = [];
  for (const group of settings) {
    const { length } = group.initial;
    const what = `the trained parameters "${group.name}"`;
    groups.push({
      settings: group,
      length,
      values: await create(length, what, group.initial),
      m: await create(length, `the first moments of ${what}`),
      v: await create(length, `the second moments of ${what}`),
      gradient: await create(length, `the gradient of ${what}`),
    });
  }
  const trained = groups.find((group) => group.settings.name === "kv")?.values;
  return {
    groups,
    weights: trained ?? (await create(kvWeights.length, "the key and value weights", kvWeights)),
    normPartials: await create(normPartialsLength(groups), "the partial sums of the norm"),
    verdict: await create(VERDICT_BYTES / 4, "the verdict on a step"),
    lossScale: await create(LOSS_SCALE_BYTES / 4, "the loss scale"),
    corrections: await create(2 * CORRECTIONS, "Adam's corrections"),
  };
}
