/** @file A concept made smaller: its difference as factors, by share of the singular values. */
import {
  compressDifferences,
  type CompressOptions,
  KEEP,
  lossOf,
  rankToKeep,
  singularValuesOf,
  type WeightDifference,
} from "../compress/compress.ts";
import { throwIfAborted } from "../cancel.ts";
import { StudioError } from "../errors.ts";
import { narrowToHalf, widenHalf } from "../tensor/half.ts";
import type { Concept, LayerFactors } from "./concept.ts";
import { conceptFileSize } from "./concept-file.ts";
import { productOf } from "./factors.ts";
import { type ConceptLayout, gatherTensor, kvTensors } from "./layer-tensors.ts";

export interface CompressedConcept {
  readonly concept: Concept;
  /** ‖up · down - (W - W0)‖ / ‖W - W0‖ over all layers. */
  readonly error: number;
  /** Numbers in the factors, and in the difference. */
  readonly numbers: number;
  readonly numbersBefore: number;
  /** Of each layer. */
  readonly ranks: readonly number[];
}

/** What one share of the singular values comes to. */
export interface CompressionChoice {
  /** Share of the singular values' sum that remains at least, from 0 to 1. */
  readonly keep: number;
  /** Size of the concept file. */
  readonly bytes: number;
  /** ‖up · down - (W - W0)‖ / ‖W - W0‖ over all layers. */
  readonly error: number;
  /** Of all layers. */
  readonly smallestRank: number;
  readonly largestRank: number;
}

/**
 * Factors are rounded to float16, as files keep them, so that what is painted with is what is saved.
 * @throws StudioError "invalid-input" where the concept has no difference of keys and values alone
 */
export async function compressConcept(
  concept: Concept,
  layout: ConceptLayout,
  options: CompressOptions = {},
): Promise<CompressedConcept> {
  const kvDifference = compressibleOf(concept);
  const tensors = kvTensors(layout);
  const { layers, numbers, numbersBefore, error } = await compressDifferences(
    differencesOf(kvDifference, layout),
    options,
  );
  const kvFactors = layers.map(({ rank, up, down }): LayerFactors => ({
    rank,
    up: rounded(up),
    down: rounded(down),
  }));
  return {
    concept: {
      ...concept,
      metrics: metricsOf(concept, options.keep ?? KEEP, error),
      kvFactors,
      kvDifference: productOf(kvFactors, { kv: tensors, kvLength: kvDifference.length }),
    },
    error,
    numbers,
    numbersBefore,
    ranks: kvFactors.map(({ rank }) => rank),
  };
}

/**
 * What `compressConcept` would come to for each of the shares; singular values are found once for all of them.
 * @throws as `compressConcept`
 */
export async function compressionChoices(
  concept: Concept,
  layout: ConceptLayout,
  keeps: readonly number[],
  { onProgress, signal }: Omit<CompressOptions, "keep"> = {},
): Promise<CompressionChoice[]> {
  const differences = differencesOf(compressibleOf(concept), layout);
  const spectra: Float64Array[] = [];
  for (const [i, difference] of differences.entries()) {
    await onProgress?.(i / differences.length);
    throwIfAborted(signal);
    spectra.push(singularValuesOf(difference).values);
  }
  await onProgress?.(1);
  return keeps.map((keep) => {
    const ranks = spectra.map((values) => rankToKeep(values, keep));
    let [lost, all] = [0, 0];
    for (const [i, values] of spectra.entries()) {
      const { energy, error } = lossOf(values, ranks[i]!);
      lost += error ** 2 * energy;
      all += energy;
    }
    const error = all === 0 ? 0 : Math.sqrt(lost / all);
    const metrics = metricsOf(concept, keep, error);
    return {
      keep,
      bytes: conceptFileSize({ ...concept, metrics }, layout, ranks),
      error,
      smallestRank: Math.min(...ranks),
      largestRank: Math.max(...ranks),
    };
  });
}

/** To what share a concept was compressed, as its metrics say; null where it was not, or they do not say. */
export function compressedTo(metrics: Concept["metrics"]): number | null {
  const said = metrics["compression"];
  if (typeof said !== "object" || said === null || !("keep" in said)) return null;
  const { keep } = said;
  return typeof keep === "number" && keep >= 0 && keep <= 1 ? keep : null;
}

function metricsOf({ metrics }: Concept, keep: number, error: number): Concept["metrics"] {
  return { ...metrics, compression: { keep, error: Number(error.toPrecision(4)) } };
}

function compressibleOf({ kvDifference, queryOutDifference }: Concept): Float32Array {
  if (kvDifference !== null && queryOutDifference === null) return kvDifference;
  throw new StudioError(
    "invalid-input",
    kvDifference === null
      ? "This concept changes no weights, only its word; there is nothing to compress."
      : "A concept of the face mode changes more than keys and values and cannot be compressed.",
  );
}

function differencesOf(kvDifference: Float32Array, layout: ConceptLayout): WeightDifference[] {
  return kvTensors(layout).map((tensor) => {
    const [outputs, inputs = 0] = tensor.dims;
    return {
      name: tensor.name,
      dims: [outputs, inputs],
      values: gatherTensor(kvDifference, tensor),
    };
  });
}

function rounded(values: Float32Array): Float32Array {
  return widenHalf(narrowToHalf(values));
}
